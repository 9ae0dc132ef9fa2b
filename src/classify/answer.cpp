#include <cmath>

#include <nlohmann/json.hpp>

#include <tessera/classify/answer.hpp>

namespace tessera::classify {

namespace {

/// Six decimals: more would be noise of float32.
double rounded(double probability) {
    return std::round(probability * 1e6) / 1e6;
}

}  // namespace

std::string to_json_line(Answer const& answer) {
    using Json = nlohmann::ordered_json;
    Json const json = {{"capture", answer.capture},
                       {"protocol", packet::name(answer.protocol)},
                       {"source_ip", packet::to_text(answer.source.address)},
                       {"source_port", answer.source.port},
                       {"destination_ip", packet::to_text(answer.destination.address)},
                       {"destination_port", answer.destination.port},
                       {"first_seen_ns", answer.first_seen},
                       {"last_seen_ns", answer.last_seen},
                       {"packets", answer.packets},
                       {"class", answer.class_name},
                       {"probability", rounded(answer.probability)}};
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace tessera::classify
