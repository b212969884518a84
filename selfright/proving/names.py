"""The sandbox's names, by which whatever an interrupted run leaves behind is found again."""

APPLICATION = "selfright-prove"
"""The application; also the stack, the tag, and the beginning of every other name."""
ENVIRONMENT = "sandbox"
KEY = f"{APPLICATION}/{ENVIRONMENT}"
STACK = APPLICATION
TAGS = [{"Key": APPLICATION, "Value": ENVIRONMENT}]
SETTINGS = f"/{APPLICATION}"
"""The path of all SSM parameters that releases and facts write."""
IMAGE = f"{APPLICATION}-image"
"""The function and the repository of the image's fact, which are not in the stack: their image comes first."""
