#pragma once

#include <functional>

#include <tessera/comm/communicator.hpp>
#include <tessera/dataset/split.hpp>

namespace tessera::train {

/// The split that `open` gives, called on the root alone: the others get a byte a flow from it
/// (dataset::to_text), since groups and equal flows of a large store take memory that a node's
/// ranks do not each have. Collective; AgreedError when `open` throws.
dataset::Split shared_split(comm::Communicator const& comm,
                            std::function<dataset::Split()> const& open);

}  // namespace tessera::train
