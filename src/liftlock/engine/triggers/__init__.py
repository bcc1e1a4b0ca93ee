"""What starts runs besides webhooks (schedules, polls, the end of other runs), and the other way
round: what forges are told of commits."""
