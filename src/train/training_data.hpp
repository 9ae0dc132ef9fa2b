#pragma once

#include <string>

#include <tessera/comm/communicator.hpp>
#include <tessera/dataset/split.hpp>
#include <tessera/dataset/store.hpp>
#include <tessera/train/loop_config.hpp>

namespace tessera::train {

/// A store and who in it is learnt from.
struct TrainingData {
    dataset::Store store;
    dataset::Split split;
};

/// The split of that name; without a name, flows shared out on the fly, the same way each time.
dataset::Split split_of(dataset::Store const& store, std::string const& name);

/// Opens the store of a run and its split (`split_of`, on the root; the others get the folds from
/// it). The root checks every byte of the store, the others its sizes. Collective;
/// AgreedError(bad_input) when either is damaged.
TrainingData open_training_data(comm::Communicator const& comm, LoopConfig const& config,
                                std::string const& split);

}  // namespace tessera::train
