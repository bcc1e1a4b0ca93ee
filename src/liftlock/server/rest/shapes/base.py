"""What all shapes share."""

from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

LARGEST: Final = 2**53 - 1  # number of anything; larger ones are not exact in JSON
WITHOUT_NUL: Final = r'^[^\x00]*$'  # no database takes one


def whole(value: Any) -> Any:
    """7.0 is a whole number in JSON, too."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


Count = Annotated[int, Field(ge=0, le=LARGEST), BeforeValidator(whole)]
Number = Annotated[int, Field(ge=1, le=LARGEST)]
Moment = Annotated[float, Field(description='Seconds since 1970; 0 for never or not yet.')]
Word = Annotated[str, StringConstraints(max_length=256, pattern=WITHOUT_NUL)]
Prose = Annotated[str, StringConstraints(max_length=4096, pattern=WITHOUT_NUL)]
Object = dict[str, Any]


class Shape(BaseModel):
    """What is answered."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)


class Wish(BaseModel):
    """What is sent: nothing is guessed, and what nobody knows is refused."""

    model_config = ConfigDict(extra='forbid', strict=True)


class Problem(Shape):
    """Why it was not done."""

    error: str = Field(examples=['run 7 has already finished'])
    hint: str = Field(description="What to do about it; '' if there is nothing.", examples=[''])


class Page(Shape):
    """Part of a list."""

    next: str | None = Field(
        description='`cursor` of what comes after this; null at the end. '
        'The same stands in the header `Link`.'
    )
