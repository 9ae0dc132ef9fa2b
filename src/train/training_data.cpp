#include "training_data.hpp"

namespace tessera::train {

dataset::Split split_of(dataset::Store const& store, std::string const& name) {
    return name.empty() ? dataset::make_split(store, {}) : dataset::load_split(store, name);
}

TrainingData open_training_data(comm::Communicator const& comm, LoopConfig const& config,
                                std::string const& split) {
    std::optional<TrainingData> data;
    comm::agreed(comm, [&] {
        auto store =
            dataset::open_store(config.store, comm.is_root() ? dataset::StoreCheck::automatic
                                                             : dataset::StoreCheck::sizes);
        auto flows = split_of(store, split);
        data.emplace(TrainingData{std::move(store), std::move(flows)});
    });
    return std::move(*data);
}

}  // namespace tessera::train
