#include <tessera/loader/bursts.hpp>

namespace tessera::loader {

StoreBursts::StoreBursts(dataset::Store const& store) : store_(store) {
    for (std::uint64_t flow = 0; flow < store.flows(); ++flow) add_flow(flow);
}

StoreBursts::StoreBursts(dataset::Store const& store, dataset::Split const& split,
                         dataset::Fold fold)
    : store_(store) {
    for (auto const flow : split.flows(fold)) add_flow(flow);
}

std::span<std::uint16_t const> StoreBursts::tokens(std::uint64_t burst) const {
    return store_.burst(bursts_[burst]).tokens;
}

void StoreBursts::add_flow(std::uint64_t flow) {
    auto const view = store_.flow(flow);
    for (std::uint64_t i = 0; i < view.bursts; ++i) bursts_.push_back(view.first_burst + i);
}

}  // namespace tessera::loader
