#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

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

/// Flows of the train fold by one way of being alike.
class Kind {
  public:
    explicit Kind(InputHash hash) : hash_(std::move(hash)) {}

    void learn(std::uint64_t flow, std::int32_t label) {
        if (auto const hash = hash_(flow)) known_.add(*hash, label);
    }

    /// Counts a test flow; true when its like is known.
    bool look_up(std::uint64_t flow, std::int32_t label, Likes& likes) const {
        auto const hash = hash_(flow);
        return hash && known_.look_up(*hash, label, likes);
    }

  private:
    InputHash hash_;
    Known known_;
};

InputHash whole_flows(dataset::Store const& store) {
    return [&store](std::uint64_t flow) -> std::optional<std::uint64_t> {
        auto const tokens = store.flow(flow).tokens;
        if (tokens.empty()) return std::nullopt;
        return dataset::token_hash(tokens);
    };
}

InputHash first_sizes(dataset::Store const& store) {
    return [&store](std::uint64_t flow) { return dataset::sequence_hash(store, store.flow(flow)); };
}

template <class Look>
void each_labelled(dataset::Store const& store, std::vector<std::uint64_t> const& flows,
                   std::size_t label_set, Look const& look) {
    for (auto const flow : flows) {
        auto const label = store.label(flow, label_set);
        if (label != dataset::no_label) look(flow, label);
    }
}

}  // namespace

Duplicates duplicates(dataset::Store const& store, dataset::Split const& split,
                      std::size_t label_set, InputHash const& input) {
    Kind tokens(whole_flows(store));
    Kind sizes(first_sizes(store));
    Kind inputs(input);
    each_labelled(store, split.flows(Fold::train), label_set, [&](auto flow, auto label) {
        tokens.learn(flow, label);
        sizes.learn(flow, label);
        if (input) inputs.learn(flow, label);
    });
    Duplicates result;
    if (input) result.input.emplace();
    each_labelled(store, split.flows(Fold::test), label_set, [&](auto flow, auto label) {
        ++result.test_flows;
        sizes.look_up(flow, label, result.sizes);
        auto is_known = tokens.look_up(flow, label, result.tokens);
        if (input) is_known = inputs.look_up(flow, label, *result.input);
        if (is_known) result.known.insert(flow);
    });
    return result;
}

}  // namespace tessera::evaluate
