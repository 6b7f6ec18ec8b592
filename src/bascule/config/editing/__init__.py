"""Edits a text where somebody says, and leaves every other character as it is: statements by their path of words.

A path is what an operator would read from the outside in: `load-balancer relay "HTTPS" session timeout`. All of it is pure.
"""
