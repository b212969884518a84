"""Three releases of the sandbox, with synthetic visitors: two good ones, and a bad one."""
