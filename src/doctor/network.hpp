#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <tessera/doctor/finding.hpp>

namespace tessera::doctor {

struct Interface {
    std::string name;
    std::int64_t megabits = 0;  ///< per second as the kernel says; 0: unknown
};

struct InfinibandPort {
    std::string name;   ///< "mlx5_0/1"
    std::string state;  ///< "ACTIVE"
    std::string rate;   ///< "100 Gb/sec (4X EDR)"
};

struct NetworkFacts {
    std::vector<Interface> interfaces;  ///< up, without loopback
    std::vector<InfinibandPort> infiniband;
    bool several_hosts = false;
};

/// From `sys` (/sys): class/net and class/infiniband.
NetworkFacts network_facts(std::filesystem::path const& sys, bool several_hosts);
Findings judge_network(NetworkFacts const& facts);

}  // namespace tessera::doctor
