#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <torch/types.h>

namespace tessera::batch {

/// [rows.size(), width] int64, rows filled up with `fill`.
torch::Tensor filled_up(std::vector<std::span<std::int64_t const>> const& rows, std::int64_t width,
                        std::int64_t fill);

void append_ids(std::vector<std::int64_t>& ids, std::span<std::uint16_t const> tokens);

}  // namespace tessera::batch
