import boto3
from boto3.dynamodb.conditions import Attr

client = boto3.client("dynamodb")
FIELD = "email"


def find(field, name):
    # ruleid: python-nosql-string-build
    client.scan(TableName="users", FilterExpression=field + " = :u AND active = :a")
    # ruleid: python-nosql-string-build
    client.query(TableName="users", KeyConditionExpression=f"id = {name}")
    # ruleid: python-nosql-string-build
    client.execute_statement(Statement="SELECT * FROM users WHERE name = '%s'" % name)
    # ok: python-nosql-string-build
    client.scan(TableName="users", FilterExpression="#f = :u", ExpressionAttributeNames={"#f": field})
    # ok: python-nosql-string-build
    client.scan(TableName="users", FilterExpression=FIELD + " = :u")
    # ok: python-nosql-string-build
    return table.scan(FilterExpression=Attr(field).eq(name))
