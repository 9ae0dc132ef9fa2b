#include "sequences.hpp"

#include <algorithm>

#include <tessera/batch/special.hpp>

namespace tessera::batch {

torch::Tensor filled_up(std::vector<std::span<std::int64_t const>> const& rows, std::int64_t width,
                        std::int64_t fill) {
    auto const height = static_cast<std::int64_t>(rows.size());
    auto result = torch::full({height, width}, fill, torch::kInt64);
    auto* to = result.data_ptr<std::int64_t>();
    for (auto const& row : rows) {
        std::copy(row.begin(), row.end(), to);
        to += width;
    }
    return result;
}

void append_ids(std::vector<std::int64_t>& ids, std::span<std::uint16_t const> tokens) {
    for (auto const token : tokens) ids.push_back(token + token_offset);
}

}  // namespace tessera::batch
