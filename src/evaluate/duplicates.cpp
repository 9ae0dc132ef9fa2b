#include <set>
#include <unordered_map>

#include <tessera/dataset/audit.hpp>
#include <tessera/evaluate/duplicates.hpp>

namespace tessera::evaluate {

namespace {

using dataset::Fold;

/// Hashes of the train fold with the classes they had there.
class Known {
  public:
    void add(std::uint64_t hash, std::int32_t label) { classes_[hash].insert(label); }

    /// Counts a test flow; true when its like is known.
    bool look_up(std::uint64_t hash, std::int32_t label, Likes& likes) const {
        auto const found = classes_.find(hash);
        if (found == classes_.end()) return false;
        ++likes.flows;
        likes.of_another_class += found->second.contains(label) ? 0U : 1U;
        return true;
    }

  private:
    std::unordered_map<std::uint64_t, std::set<std::int32_t>> classes_;
};

}  // namespace

Duplicates duplicates(dataset::Store const& store, dataset::Split const& split,
                      std::size_t label_set) {
    Known tokens;
    Known sizes;
    for (auto const index : split.flows(Fold::train)) {
        auto const label = store.label(index, label_set);
        if (label == dataset::no_label) continue;
        auto const flow = store.flow(index);
        if (!flow.tokens.empty()) tokens.add(dataset::token_hash(flow.tokens), label);
        sizes.add(dataset::sequence_hash(store, flow), label);
    }
    Duplicates result;
    for (auto const index : split.flows(Fold::test)) {
        auto const label = store.label(index, label_set);
        if (label == dataset::no_label) continue;
        ++result.test_flows;
        auto const flow = store.flow(index);
        sizes.look_up(dataset::sequence_hash(store, flow), label, result.sizes);
        if (flow.tokens.empty()) continue;
        if (tokens.look_up(dataset::token_hash(flow.tokens), label, result.tokens)) {
            result.known.insert(index);
        }
    }
    return result;
}

}  // namespace tessera::evaluate
