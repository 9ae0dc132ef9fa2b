#include <string>

#include <tessera/train/shared_split.hpp>

namespace tessera::train {

dataset::Split shared_split(comm::Communicator const& comm,
                            std::function<dataset::Split()> const& open) {
    dataset::Split split;
    std::string text;
    comm::agreed(comm, [&] {
        if (!comm.is_root()) return;
        split = open();
        if (comm.size() > 1) text = dataset::to_text(split);
    });
    comm::broadcast(comm, text, 0);
    comm::agreed(comm, [&] {
        if (!comm.is_root()) split = dataset::split_from(text);
    });
    return split;
}

}  // namespace tessera::train
