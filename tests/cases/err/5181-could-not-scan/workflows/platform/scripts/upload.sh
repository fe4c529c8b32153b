aws s3 sync . s3://shop
