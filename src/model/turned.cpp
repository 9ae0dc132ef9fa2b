#include "turned.hpp"

#include <algorithm>

#include <ATen/Parallel.h>

namespace tessera::model {
namespace {

constexpr std::int64_t tile = 32;

struct Matrix {
    float const* from;  // [columns, rows]
    float* to;          // [rows, columns]
    std::int64_t rows;
    std::int64_t columns;

    // Each line of the cache is read whole and at once: lines a power of two apart push each other
    // out.
    void turn_rows(std::int64_t begin, std::int64_t end) const {
        float block[tile][tile + 1];
        for (std::int64_t column = 0; column < columns; column += tile) {
            auto const width = std::min(tile, columns - column);
            for (std::int64_t c = 0; c < width; ++c) {
                std::copy_n(from + (column + c) * rows + begin, end - begin, block[c]);
            }
            for (auto r = begin; r < end; ++r) {
                auto* const out = to + r * columns + column;
                for (std::int64_t c = 0; c < width; ++c) out[c] = block[c][r - begin];
            }
        }
    }
};

}  // namespace

void copy_turned(torch::Tensor const& onto, torch::Tensor const& x) {
    Matrix const matrix{x.const_data_ptr<float>(), onto.data_ptr<float>(), onto.size(0),
                        onto.size(1)};
    auto const strips = (matrix.rows + tile - 1) / tile;
    at::parallel_for(0, strips, 1, [&](std::int64_t first, std::int64_t last) {
        for (auto strip = first; strip < last; ++strip) {
            matrix.turn_rows(strip * tile, std::min((strip + 1) * tile, matrix.rows));
        }
    });
}

torch::Tensor turned(torch::Tensor const& x) {
    auto result = torch::empty({x.size(1), x.size(0)}, x.options());
    copy_turned(result, x);
    return result;
}

}  // namespace tessera::model
