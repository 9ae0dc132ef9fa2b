#include <map>
#include <set>

#include <tessera/evaluate/votes.hpp>

namespace tessera::evaluate {

using baseline::Predictions;

Predictions votes(Predictions const& packets) {
    std::map<std::uint64_t, std::vector<std::size_t>> items_of;
    for (std::size_t i = 0; i < packets.size(); ++i) items_of[packets.flow[i]].push_back(i);

    Predictions flows;
    flows.classes = packets.classes;
    flows.captures = packets.captures;
    std::vector<float> shares(packets.classes.size());
    for (auto const& [flow, items] : items_of) {
        shares.assign(shares.size(), 0);
        for (auto const item : items)
            shares[static_cast<std::size_t>(packets.predicted[item])] += 1;
        for (auto& share : shares) share /= static_cast<float>(items.size());
        flows.add(packets.capture[items[0]], flow, packets.labels[items[0]], shares);
    }
    return flows;
}

bool has_several_items_a_flow(Predictions const& predictions) {
    std::set<std::uint64_t> const flows(predictions.flow.begin(), predictions.flow.end());
    return flows.size() < predictions.size();
}

}  // namespace tessera::evaluate
