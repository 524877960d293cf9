"""What is the user's: the checks of their service, their scripts, their notifyUrl."""
