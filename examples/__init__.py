"""Example files of the project and the program that makes them."""
