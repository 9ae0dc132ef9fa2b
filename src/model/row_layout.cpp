#include "row_layout.hpp"

#include <algorithm>
#include <tuple>

namespace tessera::model {

RowLayout RowLayout::packed(batch::Sequences const& sequences) {
    RowLayout layout;
    layout.packed_ = true;
    layout.width_ = sequences.width();
    auto const size = sequences.size();
    layout.row_of_place_ = torch::zeros({size * layout.width_}, torch::kInt64);
    layout.places_ = torch::empty({sequences.token_count()}, torch::kInt64);
    layout.columns_ = torch::empty_like(layout.places_);
    auto* const row_of_place = layout.row_of_place_.data_ptr<std::int64_t>();
    auto* const places = layout.places_.data_ptr<std::int64_t>();
    auto* const columns = layout.columns_.data_ptr<std::int64_t>();
    std::int64_t row = 0;
    for (std::int64_t b = 0; b < size; ++b) {
        layout.begins_.push_back(row);
        for (std::int64_t s = 0; s < sequences.lengths[static_cast<std::size_t>(b)]; ++s, ++row) {
            places[row] = b * layout.width_ + s;
            columns[row] = s;
            row_of_place[places[row]] = row;
        }
    }
    layout.begins_.push_back(row);
    return layout;
}

RowLayout RowLayout::padded(batch::Sequences const& sequences) {
    RowLayout layout;
    layout.width_ = sequences.width();
    auto const size = sequences.size();
    auto const device = sequences.tokens.device();
    auto const numbers = torch::TensorOptions(torch::kInt64).device(device);
    for (std::int64_t b = 0; b <= size; ++b) layout.begins_.push_back(b * layout.width_);
    layout.places_ = torch::arange(size * layout.width_, numbers);
    layout.columns_ = torch::arange(layout.width_, numbers).repeat({size});
    auto const lengths = sequences.device_lengths.defined()
                             ? sequences.device_lengths
                             : torch::tensor(sequences.lengths, torch::kInt64).to(device);
    layout.set_visible(torch::arange(layout.width_, numbers).lt(lengths.unsqueeze(1)));
    return layout;
}

torch::Tensor RowLayout::rows_of(torch::Tensor const& places) const {
    return packed_ ? row_of_place_.index_select(0, places) : places;
}

torch::Tensor RowLayout::first_rows() const {
    if (!packed_) return torch::arange(0, rows(), width_, places_.options());
    std::vector<std::int64_t> const rows(begins_.begin(), begins_.end() - 1);
    return torch::tensor(rows, torch::kInt64);
}

void RowLayout::set_visible(torch::Tensor const& visible) {
    auto const size = sequences();
    mask_ = visible.eq(0).to(torch::kFloat).mul(-10000.0).view({size, 1, 1, width_});
}

RowChoice::RowChoice(RowLayout const& layout, torch::Tensor const& places)
    : rows_(layout.rows_of(places)) {
    if (!layout.is_packed()) return;
    auto const sorted = rows_.sort(/*stable=*/true, 0, /*descending=*/false);
    rows_ = std::get<0>(sorted).contiguous();
    order_given_ = std::get<1>(sorted).argsort();
    auto const* const first = rows_.data_ptr<std::int64_t>();
    auto const* const last = first + rows_.numel();
    for (auto const begin : layout.begins()) {
        begins_.push_back(std::lower_bound(first, last, begin) - first);
    }
}

torch::Tensor RowChoice::as_given(torch::Tensor const& values) const {
    return order_given_.defined() ? values.index_select(0, order_given_) : values;
}

}  // namespace tessera::model
