"""What keeps data from whoever needs not see it: keys, seals, masks, files for one pair of eyes."""
