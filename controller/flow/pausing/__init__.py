"""A bake with too little evidence, where the policy is to ask a person."""
