"""What one writes by hand in Python: paho-mqtt and requests. Nothing is stored."""
# SPDX-License-Identifier: Apache-2.0
import json
import os
import time

import paho.mqtt.client as mqtt
import requests

session = requests.Session()
session.headers["Authorization"] = "Bearer tok"


def on_message(client, _userdata, message):
    device = message.topic.split("/")[1]
    payload = message.payload.decode()
    answer = session.post(os.environ["API"], data={"Sim": device, "Payload": payload}, timeout=10).json()
    event = {"event_type": answer["status"], "device": device, "sid": answer["sid"], "payload": payload,
             "time": time.time()}
    client.publish(f"devices/{device}/status", json.dumps(event), qos=1)


client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION1) if hasattr(mqtt, "CallbackAPIVersion") else mqtt.Client()
client.on_connect = lambda client, *_: client.subscribe("devices/+/cmd", qos=1)
client.on_message = on_message
client.connect("127.0.0.1", int(os.environ["BROKER"]))
client.loop_forever()
