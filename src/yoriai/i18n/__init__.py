"""Every text a person sees, in English and Japanese, from one catalogue."""
