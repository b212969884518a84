"""The kind `parameters`: pack, plan and recover."""
