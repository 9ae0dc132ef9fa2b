#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <tessera/dataset/fold.hpp>
#include <tessera/dataset/store.hpp>

namespace tessera::dataset {

/// Distinct values found on both sides of a pair of folds, and on each.
struct Overlap {
    std::uint64_t shared = 0;
    std::uint64_t first = 0;
    std::uint64_t second = 0;
};

/// What stands on both sides of two folds. A model may know it again without having learnt
/// anything ("The Sweet Danger of Sugar", SIGCOMM 2025).
struct PairAudit {
    Fold first = Fold::train;
    Fold second = Fold::test;
    Overlap flows;        ///< 5-tuple within one capture: must be 0
    Overlap five_tuples;  ///< 5-tuple, whatever the capture
    Overlap captures;
    Overlap servers;        ///< responder address and port
    Overlap clients;        ///< initiator address
    Overlap flow_tokens;    ///< whole flows of equal tokens
    Overlap sequences;      ///< flows of equal sizes and directions over their first 30 packets
    Overlap packet_tokens;  ///< packets of equal tokens
};

struct Audit {
    std::vector<PairAudit> pairs;  ///< train-valid, train-test, valid-test
    std::uint64_t sampled = 1;     ///< one value in this many was looked at, by hash
};

/// Hash of tokens as a model gets them.
std::uint64_t token_hash(std::span<token::TokenId const> tokens);

/// Hash of the signed wire sizes of a flow's first 30 packets: all that packet-size models see.
std::uint64_t sequence_hash(Store const& store, FlowView const& flow);

/// `folds` has one entry for each flow of the store.
Audit audit_folds(Store const& store, std::span<Fold const> folds);

/// The same where packets are drawn one by one: a flow stands in every fold that has one of its
/// packets. `fold_of` takes the packet's index in the store.
Audit audit_packets(Store const& store, std::function<Fold(std::uint64_t packet)> const& fold_of);

/// Error(bad_input) that names the first flow found on two sides.
void refuse_leaks(Store const& store, std::span<Fold const> folds, Audit const& audit);

}  // namespace tessera::dataset
