#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tessera::baseline {

/// Rows of features.
struct Matrix {
    std::size_t width = 0;
    std::vector<float> values;  ///< [rows, width]

    std::size_t rows() const { return width == 0 ? 0 : values.size() / width; }
    std::span<float const> row(std::size_t item) const {
        return std::span(values).subspan(item * width, width);
    }
    void add(std::span<float const> row) { values.insert(values.end(), row.begin(), row.end()); }

    /// The first `columns` columns.
    Matrix first(std::size_t columns) const;
};

/// What a learned control is fitted on: n rows, each with its class 0 .. C-1.
struct LabelledRows {
    Matrix const& features;
    std::span<std::int32_t const> labels;  ///< [n]
    std::size_t classes = 0;               ///< C
};

}  // namespace tessera::baseline
