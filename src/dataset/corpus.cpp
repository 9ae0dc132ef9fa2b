#include <unordered_set>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/dataset/audit.hpp>
#include <tessera/dataset/corpus.hpp>

namespace tessera::dataset {

namespace {

using Hashes = std::unordered_set<std::uint64_t>;

/// Calls `act` with the hash of each packet of the flow that has tokens.
template <class Action>
void for_each_packet(Store const& store, FlowView const& flow, Action const& act) {
    for (std::uint64_t i = 0; i < flow.packets; ++i) {
        auto const tokens = store.packet(flow.first_packet + i).tokens;
        if (!tokens.empty()) act(token_hash(tokens));
    }
}

/// What of `wanted` the corpus holds: memory follows the test fold, however large the corpus is.
class Found {
  public:
    Found(Hashes wanted_flows, Hashes wanted_packets)
        : wanted_flows_(std::move(wanted_flows)), wanted_packets_(std::move(wanted_packets)) {}

    void look_through(Store const& corpus, std::span<std::uint64_t const> flows) {
        for (auto const index : flows) {
            auto const flow = corpus.flow(index);
            auto const hash = token_hash(flow.tokens);
            if (wanted_flows_.contains(hash)) flows_.insert(hash);
            for_each_packet(corpus, flow, [&](std::uint64_t packet) {
                if (wanted_packets_.contains(packet)) packets_.insert(packet);
            });
        }
    }

    bool has_flow(std::uint64_t hash) const { return flows_.contains(hash); }
    bool has_packet(std::uint64_t hash) const { return packets_.contains(hash); }

  private:
    Hashes wanted_flows_;
    Hashes wanted_packets_;
    Hashes flows_;
    Hashes packets_;
};

Found wanted(Store const& store, std::span<std::uint64_t const> flows) {
    Hashes of_flows;
    Hashes of_packets;
    for (auto const index : flows) {
        auto const flow = store.flow(index);
        if (!flow.tokens.empty()) of_flows.insert(token_hash(flow.tokens));
        for_each_packet(store, flow, [&](std::uint64_t hash) { of_packets.insert(hash); });
    }
    return {std::move(of_flows), std::move(of_packets)};
}

}  // namespace

CorpusOverlap corpus_overlap(Store const& store, std::span<std::uint64_t const> flows,
                             Store const& corpus, std::span<std::uint64_t const> corpus_flows) {
    base::validate(
        store.manifest().identity.settings == corpus.manifest().identity.settings,
        base::ExitCode::bad_input,
        "the corpus '{}' and the store '{}' cut their tokens under different settings, so nothing "
        "in them could be equal; preprocess both alike",
        base::printable(corpus.path().string()), base::printable(store.path().string()));
    auto found = wanted(store, flows);
    found.look_through(corpus, corpus_flows);
    CorpusOverlap overlap;
    for (auto const index : flows) {
        auto const flow = store.flow(index);
        if (flow.tokens.empty()) continue;
        ++overlap.flows;
        overlap.flows_in_corpus += found.has_flow(token_hash(flow.tokens)) ? 1U : 0U;
        for_each_packet(store, flow, [&](std::uint64_t hash) {
            ++overlap.packets;
            overlap.packets_in_corpus += found.has_packet(hash) ? 1U : 0U;
        });
    }
    return overlap;
}

}  // namespace tessera::dataset
