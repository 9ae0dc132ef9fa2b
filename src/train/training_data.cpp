#include "training_data.hpp"

#include <optional>
#include <utility>

#include <tessera/train/shared_split.hpp>

namespace tessera::train {

dataset::Split split_of(dataset::Store const& store, std::string const& name) {
    return name.empty() ? dataset::make_split(store, {}) : dataset::load_split(store, name);
}

TrainingData open_training_data(comm::Communicator const& comm, LoopConfig const& config,
                                std::string const& split) {
    std::optional<dataset::Store> store;
    comm::agreed(comm, [&] {
        store = dataset::open_store(config.store, comm.is_root() ? dataset::StoreCheck::automatic
                                                                 : dataset::StoreCheck::sizes);
    });
    auto flows = shared_split(comm, [&] { return split_of(*store, split); });
    return {std::move(*store), std::move(flows)};
}

}  // namespace tessera::train
