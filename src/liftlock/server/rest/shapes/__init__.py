"""What is sent and answered, as pydantic models: the API's description is made of them."""
