#include "network.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include <fmt/format.h>

namespace tessera::doctor {

namespace fs = std::filesystem;

namespace {

std::string first_line(fs::path const& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

std::vector<fs::path> children(fs::path const& folder) {
    std::vector<fs::path> result;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
        result.push_back(entry->path());
    }
    std::ranges::sort(result);
    return result;
}

std::vector<Interface> interfaces(fs::path const& sys) {
    std::vector<Interface> result;
    for (auto const& path : children(sys / "class/net")) {
        auto const name = path.filename().string();
        if (name == "lo" || first_line(path / "operstate") == "down") continue;
        auto const speed = std::atoll(first_line(path / "speed").c_str());
        result.push_back({name, std::max<std::int64_t>(speed, 0)});
    }
    return result;
}

std::vector<InfinibandPort> ports(fs::path const& sys) {
    std::vector<InfinibandPort> result;
    for (auto const& device : children(sys / "class/infiniband")) {
        for (auto const& port : children(device / "ports")) {
            auto state = first_line(port / "state");  // "4: ACTIVE"
            if (auto const colon = state.find(": "); colon != std::string::npos)
                state.erase(0, colon + 2);
            result.push_back(
                {fmt::format("{}/{}", device.filename().string(), port.filename().string()), state,
                 first_line(port / "rate")});
        }
    }
    return result;
}

std::string shown(NetworkFacts const& facts) {
    std::string text;
    for (auto const& one : facts.interfaces) {
        if (!text.empty()) text += ", ";
        text += one.name;
        if (one.megabits > 0)
            text += fmt::format(" {:.3g} Gbit/s", static_cast<double>(one.megabits) / 1000);
    }
    for (auto const& port : facts.infiniband) {
        if (port.state == "ACTIVE") text += fmt::format(", InfiniBand {} {}", port.name, port.rate);
    }
    return text.empty() ? "loopback alone" : text;
}

}  // namespace

NetworkFacts network_facts(fs::path const& sys, bool several_hosts) {
    return {interfaces(sys), ports(sys), several_hosts};
}

Findings judge_network(NetworkFacts const& facts) {
    Findings findings;
    auto const active = std::ranges::count(facts.infiniband, "ACTIVE", &InfinibandPort::state);
    if (facts.several_hosts && facts.interfaces.empty() && active == 0) {
        findings.push_back({"network", Level::fault,
                            "the job spans hosts, but this one has no interface that is up",
                            "bring the network of this node up, or leave the node out "
                            "(sbatch --exclude)"});
    }
    for (auto const& port : facts.infiniband) {
        if (port.state == "ACTIVE") continue;
        findings.push_back(
            {"network", Level::warning,
             fmt::format("InfiniBand port {} is {}", port.name, port.state),
             "the job may fall back to a slow network, or hang where other nodes use InfiniBand: "
             "leave the node out, or choose ports by NCCL_IB_HCA and UCX_NET_DEVICES"});
    }
    if (findings.empty()) findings.push_back({"network", Level::fine, shown(facts), ""});
    return findings;
}

}  // namespace tessera::doctor
