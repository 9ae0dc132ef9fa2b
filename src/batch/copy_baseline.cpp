#include "bigram.hpp"

#include <tessera/batch/copy_baseline.hpp>

namespace tessera::batch {

std::int64_t copied_right(PretrainBatch const& batch) {
    auto const* const ids = batch.tokens.data_ptr<std::int64_t>();
    auto const* const places = batch.masked_positions.data_ptr<std::int64_t>();
    auto const* const targets = batch.masked_targets.data_ptr<std::int64_t>();
    std::int64_t right = 0;
    for (std::int64_t i = 0; i < batch.masked_count; ++i) {
        auto const place = places[i];
        auto const column = place % batch.width();
        auto const before = column > 0 ? ids[place - 1] : pad_id;
        auto const behind = column + 1 < batch.width() ? ids[place + 1] : pad_id;
        auto const guess = bigram(is_bigram(before) ? second_byte(before) : std::uint8_t{0},
                                  is_bigram(behind) ? first_byte(behind) : std::uint8_t{0});
        right += guess == targets[i] ? 1 : 0;
    }
    return right;
}

}  // namespace tessera::batch
