"""What differs between scenarios, and what is wrong in one."""
