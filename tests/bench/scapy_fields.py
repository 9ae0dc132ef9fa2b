"""A peer of `tessera bench preprocess`: reads a capture as the reference's scripts do, with scapy's rdpcap,
and takes the fields and first bytes of each packet. Prints {"packets": n}."""
import json
import sys

from scapy.all import IP, TCP, UDP, IPv6, rdpcap

packets = 0
for packet in rdpcap(sys.argv[1]):
    network = packet.getlayer(IP) or packet.getlayer(IPv6)
    transport = packet.getlayer(TCP) or packet.getlayer(UDP)
    if network is not None and transport is not None:
        fields = (float(packet.time), network.src, network.dst, transport.sport, transport.dport,
                  len(packet), bytes(packet).hex()[:128])
        packets += len(fields) > 0
print(json.dumps({"packets": packets}))
