"""The commands of vip.py, each a verb that ends; main.py has them all. Nothing else imports from here."""
