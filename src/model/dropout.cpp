#include "dropout.hpp"

#include "kernel_choice.hpp"

#include <cmath>
#include <span>

#include <torch/autograd.h>

#include <tessera/base/random.hpp>

namespace tessera::model {
namespace {

std::uint32_t word_of(std::int32_t value) {
    return static_cast<std::uint32_t>(value);
}

std::int32_t stored(std::uint32_t word) {
    return static_cast<std::int32_t>(word);
}

struct Rows {
    float* data;
    std::size_t columns;

    std::span<float> operator[](std::int64_t row) const {
        return {data + static_cast<std::size_t>(row) * columns, columns};
    }
};

Rows rows_of(torch::Tensor const& matrix) {
    return {matrix.data_ptr<float>(), static_cast<std::size_t>(matrix.size(1))};
}

template <class Body>
void for_each_row(torch::Tensor const& matrix, Body const& body) {
    at::parallel_for(0, matrix.size(0), 64, [&](std::int64_t begin, std::int64_t end) {
        for (auto row = begin; row < end; ++row) body(row);
    });
}

torch::Tensor dropped(torch::Tensor const& x, torch::Tensor const& keys, double share) {
    auto const input = x.contiguous();
    auto result = torch::empty_like(input);
    auto const* const words = keys.data_ptr<std::int32_t>();
    auto const from = rows_of(input);
    auto const to = rows_of(result);
    for_each_row(input, [&](std::int64_t row) {
        drop_row(from[row], to[row], row_dropout(word_of(words[row]), share));
    });
    return result;
}

/// Keys of the rows, or an undefined tensor, which autograd takes only inside a value of its own.
struct Keys {
    torch::Tensor tensor;
    double share = 0;
};

torch::Tensor sum_with_dropped(torch::Tensor const& base, torch::Tensor const& x,
                               torch::Tensor const& bias, Keys const& keys) {
    auto const onto_matrix = base.contiguous();
    auto const input = x.contiguous();
    auto result = torch::empty_like(input);
    auto const onto = rows_of(onto_matrix);
    auto const from = rows_of(input);
    auto const to = rows_of(result);
    std::span const shift(bias.data_ptr<float>(), from.columns);
    if (!keys.tensor.defined()) {
        for_each_row(
            input, [&](std::int64_t row) { add_biased_row(onto[row], from[row], shift, to[row]); });
        return result;
    }
    auto const* const words = keys.tensor.data_ptr<std::int32_t>();
    for_each_row(input, [&](std::int64_t row) {
        add_dropped_row(onto[row], from[row], shift, to[row],
                        row_dropout(word_of(words[row]), keys.share));
    });
    return result;
}

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

void remember(AutogradContext& context, Keys const& keys) {
    context.saved_data["keys"] = keys.tensor;
    context.saved_data["share"] = keys.share;
}

torch::Tensor dropped_as_remembered(AutogradContext& context, torch::Tensor const& gradient) {
    auto const keys = context.saved_data["keys"].toTensor();
    if (!keys.defined()) return gradient;
    return dropped(gradient, keys, context.saved_data["share"].toDouble());
}

class Drop : public torch::autograd::Function<Drop> {
  public:
    static torch::Tensor forward(AutogradContext* context, torch::Tensor const& x,
                                 torch::Tensor const& keys, double share) {
        remember(*context, {keys, share});
        return dropped(x, keys, share);
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        return {dropped_as_remembered(*context, gradients[0]), {}, {}};
    }
};

class AddDropped : public torch::autograd::Function<AddDropped> {
  public:
    static torch::Tensor forward(AutogradContext* context, torch::Tensor const& base,
                                 torch::Tensor const& x, torch::Tensor const& bias,
                                 Keys const& keys) {
        remember(*context, keys);
        return sum_with_dropped(base, x, bias, keys);
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        auto const of_x = dropped_as_remembered(*context, gradients[0]);
        auto const of_bias = context->needs_input_grad(2) ? of_x.sum(0) : torch::Tensor();
        return {gradients[0], of_x, of_bias, {}};
    }
};

}  // namespace

Dropout::Dropout(std::uint64_t seed, batch::Sequences const& sequences, RowLayout const& layout)
    : active_(true),
      row_words_(torch::empty({LibraryKernels::in_force() ? 0 : layout.rows()}, torch::kInt32)) {
    if (row_words_.numel() == 0) return;
    auto* const words = row_words_.data_ptr<std::int32_t>();
    for (std::size_t b = 0; b < sequences.keys.size(); ++b) {
        auto stream = base::RandomStream(seed, base::Purpose::dropout, 0, sequences.keys[b]);
        auto const high = stream.next_u32();
        auto const low = stream.next_u32();
        for (auto row = layout.begins()[b]; row < layout.begins()[b + 1]; ++row) {
            auto const column = static_cast<std::uint32_t>(row - layout.begins()[b]);
            words[row] = stored(mixed(high + mixed(low + column)));
        }
    }
}

Dropout Dropout::of_rows(torch::Tensor const& rows) const {
    auto chosen = *this;
    if (active_ && row_words_.numel() > 0) chosen.row_words_ = row_words_.index_select(0, rows);
    return chosen;
}

torch::Tensor Dropout::row_keys(std::int64_t layer, DropoutSite site) const {
    if (!active_) return {};
    auto const salt = mixed(static_cast<std::uint32_t>(layer) * 8U +
                            static_cast<std::uint32_t>(site) + 0x5bd1e995U);
    auto keys = torch::empty_like(row_words_);
    auto const* const from = row_words_.data_ptr<std::int32_t>();
    auto* const to = keys.data_ptr<std::int32_t>();
    for (std::int64_t i = 0; i < keys.numel(); ++i) to[i] = stored(mixed(word_of(from[i]) ^ salt));
    return keys;
}

torch::Tensor pool_keys(std::uint64_t seed, batch::Sequences const& sequences) {
    auto keys = torch::empty({LibraryKernels::in_force() ? 0 : sequences.size()}, torch::kInt32);
    if (keys.numel() == 0) return keys;
    auto* to = keys.data_ptr<std::int32_t>();
    for (auto const key : sequences.keys) {
        auto stream = base::RandomStream(seed, base::Purpose::dropout, 1, key);
        *to++ = stored(stream.next_u32());
    }
    return keys;
}

RowDropout row_dropout(std::uint32_t key, double share) {
    auto const threshold = static_cast<std::uint32_t>(std::min(share * 0x1p32, 0x1p32 - 1));
    return {key, threshold, static_cast<float>(1.0 / (1.0 - share))};
}

namespace {

bool has_row_keys(torch::Tensor const& x, torch::Tensor const& keys) {
    return keys.defined() && keys.numel() > 0 && x.is_cpu() && x.scalar_type() == torch::kFloat;
}

}  // namespace

torch::Tensor dropout_of(torch::Tensor const& x, torch::Tensor const& keys, double share) {
    if (!keys.defined() || share == 0) return x;
    return has_row_keys(x, keys) ? Drop::apply(x, keys, share)
                                 : at::dropout(x, share, /*train=*/true);
}

torch::Tensor add_dropped(torch::Tensor const& base, UnbiasedProduct const& x,
                          torch::Tensor const& keys, double share) {
    if (!x.bias.defined()) return base + dropout_of(x.rows, keys, share);
    return AddDropped::apply(base, x.rows, x.bias, share > 0 ? Keys{keys, share} : Keys{});
}

}  // namespace tessera::model
