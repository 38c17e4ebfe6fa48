"""Pictures that stay where they are: folders, buckets and web servers as origins."""
