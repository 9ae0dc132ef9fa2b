#include <algorithm>

#include <tessera/baseline/matrix.hpp>

namespace tessera::baseline {

Matrix Matrix::first(std::size_t columns) const {
    Matrix result{std::min(columns, width), {}};
    result.values.reserve(rows() * result.width);
    for (std::size_t i = 0; i < rows(); ++i) result.add(row(i).first(result.width));
    return result;
}

}  // namespace tessera::baseline
