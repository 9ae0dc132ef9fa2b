#include "embedding_sum.hpp"

#include "products.hpp"
#include "vector_kernels.hpp"

#include <algorithm>
#include <span>
#include <vector>

#include <torch/autograd.h>

#include <tessera/base/error.hpp>

namespace tessera::model {
namespace {

std::span<float> row_of(torch::Tensor const& matrix, std::int64_t row) {
    auto const columns = static_cast<std::size_t>(matrix.size(1));
    return {matrix.data_ptr<float>() + static_cast<std::size_t>(row) * columns, columns};
}

std::span<std::int64_t const> ids_of(torch::Tensor const& ids) {
    return {ids.data_ptr<std::int64_t>(), static_cast<std::size_t>(ids.numel())};
}

void check_ids(torch::Tensor const& table, torch::Tensor const& ids) {
    auto const all = ids_of(ids);
    auto const outside =
        std::ranges::find_if(all, [&](std::int64_t id) { return id < 0 || id >= table.size(0); });
    base::validate(outside == all.end(), base::ExitCode::bad_input,
                   "id {} is outside an embedding of {} rows: the tokens are of another vocabulary",
                   outside == all.end() ? 0 : *outside, table.size(0));
}

/// Gradients of the R places added up by row: distinct rows, ascending, and their sums.
struct RowSums {
    torch::Tensor rows;  // [U] int64
    torch::Tensor sums;  // [U, H]
};

RowSums sums_by_row(torch::Tensor const& gradient, torch::Tensor const& ids) {
    auto const all = ids_of(ids);
    std::vector<std::int64_t> distinct(all.begin(), all.end());
    std::ranges::sort(distinct);
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    RowSums result{torch::tensor(distinct, torch::kInt64),
                   torch::zeros({static_cast<std::int64_t>(distinct.size()), gradient.size(1)})};
    for (std::size_t place = 0; place < all.size(); ++place) {
        auto const slot = std::ranges::lower_bound(distinct, all[place]) - distinct.begin();
        add_to_row(row_of(gradient, static_cast<std::int64_t>(place)), row_of(result.sums, slot));
    }
    return result;
}

/// Dense where autograd would keep this very tensor as the gradient of a leaf.
torch::Tensor table_gradient(torch::Tensor const& table, torch::Tensor const& gradient,
                             torch::Tensor const& ids) {
    auto const sums = sums_by_row(gradient, ids);
    if (!table.grad().defined())
        return torch::zeros_like(table).index_copy_(0, sums.rows, sums.sums);
    return at::_sparse_coo_tensor_unsafe(sums.rows.unsqueeze(0), sums.sums, table.sizes(),
                                         sums.sums.options().layout(at::kSparse),
                                         /*is_coalesced=*/true);
}

class EmbeddingSum : public torch::autograd::Function<EmbeddingSum> {
  public:
    static torch::Tensor forward(torch::autograd::AutogradContext* context,
                                 torch::Tensor const& token, torch::Tensor const& position,
                                 torch::Tensor const& segment, torch::Tensor const& tokens,
                                 torch::Tensor const& columns, torch::Tensor const& segments) {
        context->save_for_backward({token, position, segment, tokens, columns, segments});
        auto result = token.index_select(0, tokens);
        auto const of_column = ids_of(columns);
        auto const of_segment = ids_of(segments);
        at::parallel_for(0, result.size(0), 64, [&](std::int64_t begin, std::int64_t end) {
            for (auto r = begin; r < end; ++r) {
                auto const place = static_cast<std::size_t>(r);
                add_to_row(row_of(position, of_column[place]), row_of(result, r));
                add_to_row(row_of(segment, of_segment[place]), row_of(result, r));
            }
        });
        return result;
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                   torch::autograd::variable_list gradients) {
        auto const saved = context->get_saved_variables();
        auto const gradient = gradients[0].contiguous();
        torch::autograd::variable_list result(6);
        for (std::size_t i = 0; i < 3; ++i) {
            if (!context->needs_input_grad(i)) continue;
            result[i] = table_gradient(saved[i], gradient, saved[i + 3]);
        }
        return result;
    }
};

}  // namespace

torch::Tensor embedding_sum(Lookup const& token, Lookup const& position, Lookup const& segment) {
    if (!on_host(token.table)) {
        return at::embedding(token.table, token.ids) + at::embedding(position.table, position.ids) +
               at::embedding(segment.table, segment.ids);
    }
    for (auto const* lookup : {&token, &position, &segment}) check_ids(lookup->table, lookup->ids);
    return EmbeddingSum::apply(token.table, position.table, segment.table, token.ids, position.ids,
                               segment.ids);
}

}  // namespace tessera::model
