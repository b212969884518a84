"""The adapters, one for each service. Only they know boto3, and they turn its errors into ours."""
