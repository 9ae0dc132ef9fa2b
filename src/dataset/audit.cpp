#include "hash_sample.hpp"
#include "split_rules.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/base/hash.hpp>
#include <tessera/dataset/audit.hpp>

namespace tessera::dataset {

namespace {

constexpr std::uint64_t most_values = std::uint64_t{1} << 22U;  // of one kind, as the packets count

/// No flow has more values of any kind than it has packets, so that the packets bound all tables.
HashSample sample_of(Store const& store) {
    return {store.packets(), most_values};
}

/// Which folds each value of a sample was seen in.
template <class Value, class Hash>
class Sightings {
  public:
    explicit Sightings(HashSample sample) : sample_(sample) {}

    void add(Value const& value, Fold fold) {
        if (!sample_.holds(Hash()(value))) return;
        seen_[value] |= static_cast<std::uint8_t>(1U << static_cast<unsigned>(fold));
    }

    Overlap between(Fold a, Fold b) const {
        auto const in = [](std::uint8_t folds, Fold fold) {
            return (unsigned{folds} >> static_cast<unsigned>(fold) & 1U) != 0;
        };
        Overlap overlap;
        for (auto const& [value, folds] : seen_) {
            overlap.first += in(folds, a) ? 1U : 0U;
            overlap.second += in(folds, b) ? 1U : 0U;
            overlap.shared += in(folds, a) && in(folds, b) ? 1U : 0U;
        }
        return overlap;
    }

  private:
    HashSample sample_;
    std::unordered_map<Value, std::uint8_t, Hash> seen_;
};

/// Of values that are hashes.
struct SameHash {
    std::size_t operator()(std::uint64_t hash) const { return hash; }
};
using HashSightings = Sightings<std::uint64_t, SameHash>;

struct KeyHash {
    std::size_t operator()(flow::FlowKey const& key) const { return flow::flow_hash(key, 0); }
};

struct EndpointHash {
    std::size_t operator()(packet::Endpoint const& end) const {
        return base::hash64(std::as_bytes(std::span(end.address.bytes)), end.port);
    }
};

struct AddressHash {
    std::size_t operator()(packet::Address const& address) const {
        return base::hash64(std::as_bytes(std::span(address.bytes)), 0);
    }
};

class Auditor {
  public:
    explicit Auditor(Store const& store) : store_(store), sample_(sample_of(store)) {}

    void add_whole(FlowView const& flow, Fold fold) {
        add(flow, fold);
        for (std::uint64_t i = 0; i < flow.packets; ++i) {
            add_packet(store_.packet(flow.first_packet + i).tokens, fold);
        }
    }

    void add_drawn(FlowView const& flow, std::function<Fold(std::uint64_t)> const& fold_of) {
        std::set<Fold> folds;
        for (std::uint64_t i = 0; i < flow.packets; ++i) {
            auto const fold = fold_of(flow.first_packet + i);
            add_packet(store_.packet(flow.first_packet + i).tokens, fold);
            folds.insert(fold);
        }
        for (auto const fold : folds) add(flow, fold);
    }

    Audit result() const {
        return {{pair(Fold::train, Fold::valid), pair(Fold::train, Fold::test),
                 pair(Fold::valid, Fold::test)},
                sample_.one_in()};
    }

  private:
    void add(FlowView const& flow, Fold fold) {
        flows_.add({flow.capture, flow.key()}, fold);
        five_tuples_.add(flow.key(), fold);
        captures_.add(first_parts_[flow.capture], fold);
        servers_.add(flow.responder, fold);
        clients_.add(flow.initiator.address, fold);
        if (!flow.tokens.empty()) flow_tokens_.add(token_hash(flow.tokens), fold);
        sequences_.add(sequence_hash(store_, flow), fold);
    }

    void add_packet(std::span<token::TokenId const> tokens, Fold fold) {
        if (!tokens.empty()) packet_tokens_.add(token_hash(tokens), fold);
    }

    PairAudit pair(Fold a, Fold b) const {
        return {a,
                b,
                flows_.between(a, b),
                five_tuples_.between(a, b),
                captures_.between(a, b),
                servers_.between(a, b),
                clients_.between(a, b),
                flow_tokens_.between(a, b),
                sequences_.between(a, b),
                packet_tokens_.between(a, b)};
    }

    Store const& store_;
    HashSample sample_;
    std::vector<std::uint32_t> first_parts_ = first_parts(store_.manifest());  // [capture entry]
    Sightings<CaptureFlow, CaptureFlowHash> flows_{sample_};
    Sightings<flow::FlowKey, KeyHash> five_tuples_{sample_};
    HashSightings captures_{HashSample(0, most_values)};
    Sightings<packet::Endpoint, EndpointHash> servers_{sample_};
    Sightings<packet::Address, AddressHash> clients_{sample_};
    HashSightings flow_tokens_{sample_};
    HashSightings sequences_{sample_};
    HashSightings packet_tokens_{sample_};
};

bool leaks(Audit const& audit) {
    for (auto const& pair : audit.pairs) {
        if (pair.flows.shared > 0) return true;
    }
    return false;
}

std::string to_text(packet::Endpoint const& end) {
    return fmt::format("{} port {}", packet::to_text(end.address), end.port);
}

}  // namespace

std::uint64_t token_hash(std::span<token::TokenId const> tokens) {
    return base::hash64(std::as_bytes(tokens), 0);
}

std::uint64_t sequence_hash(Store const& store, FlowView const& flow) {
    constexpr std::uint64_t longest = 30;
    std::vector<std::int64_t> sizes;
    for (std::uint64_t i = 0; i < std::min(flow.packets, longest); ++i) {
        auto const packet = store.packet(flow.first_packet + i);
        std::int64_t const size = packet.wire_length;
        sizes.push_back(packet.direction == flow::Direction::forward ? size : -size);
    }
    return base::hash64(std::as_bytes(std::span(sizes)), 0);
}

Audit audit_folds(Store const& store, std::span<Fold const> folds) {
    base::validate(folds.size() == store.flows(), base::ExitCode::failed, "{} folds for {} flows",
                   folds.size(), store.flows());
    Auditor auditor(store);
    for (std::uint64_t i = 0; i < folds.size(); ++i) {
        if (folds[i] != Fold::excluded) auditor.add_whole(store.flow(i), folds[i]);
    }
    return auditor.result();
}

Audit audit_packets(Store const& store, std::function<Fold(std::uint64_t)> const& fold_of) {
    Auditor auditor(store);
    for (std::uint64_t i = 0; i < store.flows(); ++i) auditor.add_drawn(store.flow(i), fold_of);
    return auditor.result();
}

void refuse_leaks(Store const& store, std::span<Fold const> folds, Audit const& audit) {
    if (!leaks(audit)) return;
    auto const sample = sample_of(store);
    std::unordered_map<CaptureFlow, Fold, CaptureFlowHash> side;
    for (std::uint64_t i = 0; i < folds.size(); ++i) {
        if (folds[i] == Fold::excluded) continue;
        auto const flow = store.flow(i);
        CaptureFlow const key{flow.capture, flow.key()};
        if (!sample.holds(CaptureFlowHash()(key))) continue;
        auto const [place, is_new] = side.emplace(key, folds[i]);
        if (is_new || place->second == folds[i]) continue;
        base::fail(base::ExitCode::bad_input,
                   "the split is refused: the flow {} {} to {} of '{}' stands in {} and in {}; "
                   "split by flow, capture or client",
                   packet::name(flow.protocol), to_text(flow.initiator), to_text(flow.responder),
                   base::printable(store.manifest().captures[flow.capture].path),
                   name(place->second), name(folds[i]));
    }
}

}  // namespace tessera::dataset
