#include <algorithm>
#include <numeric>

#include <tessera/baseline/look_up.hpp>

namespace tessera::baseline {

void LookUp::add(std::string const& key, std::int32_t label) {
    auto& counts = by_key_.try_emplace(key, all_.size(), 0).first->second;
    ++counts[static_cast<std::size_t>(label)];
    ++all_[static_cast<std::size_t>(label)];
}

std::vector<float> LookUp::shares(std::string const& key) const {
    auto const known = by_key_.find(key);
    auto const& counts = known == by_key_.end() ? all_ : known->second;
    auto const total = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
    std::vector<float> result(counts.size());
    for (std::size_t i = 0; i < counts.size() && total > 0; ++i) {
        result[i] = static_cast<float>(static_cast<double>(counts[i]) / static_cast<double>(total));
    }
    return result;
}

}  // namespace tessera::baseline
