#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include <tessera/batch/classifier_sample.hpp>
#include <tessera/dataset/store.hpp>
#include <tessera/loader/sample_order.hpp>

namespace tessera::loader {

/// One thing to classify.
struct ClassifierUnit {
    std::uint64_t flow = 0;          ///< index in the store
    std::uint64_t first_packet = 0;  ///< index in the store
    std::uint64_t packets = 0;       ///< 1 at packet level
    std::int32_t label = -1;
};

/// Batches of labelled flows or packets as a pure function of (store, flows, config, seed,
/// position in the order). The store outlives it; calls may come from several threads.
class ClassifierSource {
  public:
    using Batch = batch::ClassifierBatch;

    /// `flows` are indices in the store, `label_set` a place in its manifest. Flows without a label
    /// and packets without tokens give no sample, nor do packets that `packets` is false for
    /// (Split::packets_in; Error(usage) at flow level). Error(bad_input) when no sample is left.
    ClassifierSource(dataset::Store const& store, std::vector<std::uint64_t> const& flows,
                     std::size_t label_set, batch::ClassifierDataConfig const& config,
                     std::uint64_t seed, Order order,
                     std::function<bool(std::uint64_t packet)> packets = {});

    std::uint64_t samples() const { return units_.size(); }
    std::uint64_t unlabelled_flows() const { return unlabelled_; }

    /// What stands behind Sequences::samples.
    ClassifierUnit const& unit(std::uint64_t sample) const { return units_[sample]; }

    /// Labels change places between flows, drawn by the seed; packets of a flow keep one label.
    void shuffle_labels();

    /// Samples at [first, first + count) of the order.
    Batch batch(std::uint64_t first, std::int64_t count) const;

  private:
    void add_flow(std::uint64_t flow, std::int32_t label);
    batch::ClassifierSample sample_at(std::uint64_t position) const;

    dataset::Store const& store_;
    batch::ClassifierDataConfig config_;
    std::uint64_t seed_;
    Order order_;
    std::function<bool(std::uint64_t)> packets_in_;  // empty: all
    std::vector<ClassifierUnit> units_;
    std::uint64_t unlabelled_ = 0;
};

}  // namespace tessera::loader
