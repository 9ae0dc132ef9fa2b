#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include <tessera/baseline/predictions.hpp>
#include <tessera/classify/trained_model.hpp>
#include <tessera/comm/communicator.hpp>
#include <tessera/dataset/store.hpp>

namespace tessera::classify {

/// What the model says about the labelled ones of `flows` (its packets, at packet level), in order
/// and in the classes of the store's label set. Collective: each rank asks about a share of whole
/// batches, every rank gets all answers, and they do not depend on the number of ranks.
/// `packets`: see loader::ClassifierSource. Error(bad_input) when the store's tokens or classes are
/// not those of the model.
baseline::Predictions fold_predictions(comm::Communicator const& comm, TrainedModel& model,
                                       dataset::Store const& store, std::size_t label_set,
                                       std::vector<std::uint64_t> const& flows,
                                       std::int64_t batch_size,
                                       std::function<bool(std::uint64_t packet)> packets = {});

}  // namespace tessera::classify
