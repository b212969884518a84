"""The rollback machine: begin, restore every component, verify that, close."""
