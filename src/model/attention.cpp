#include "attention.hpp"

#include "dropout.hpp"
#include "vector_kernels.hpp"

#include <cmath>
#include <span>

namespace tessera::model {
namespace {

/// The score matrices of a packed batch lie one after another: sequence b has heads * L * L.
std::vector<std::int64_t> score_offsets(std::vector<std::int64_t> const& begins,
                                        std::int64_t heads) {
    std::vector<std::int64_t> offsets{0};
    for (std::size_t b = 0; b + 1 < begins.size(); ++b) {
        auto const length = begins[b + 1] - begins[b];
        offsets.push_back(offsets.back() + heads * length * length);
    }
    return offsets;
}

/// One sequence of a packed batch.
struct Sequence {
    std::int64_t begin = 0;
    std::int64_t length = 0;
    std::int64_t heads = 0;

    /// Columns [part*H, part*H + H) of the sequence's rows as [heads, L, H/heads], a view.
    torch::Tensor heads_of(torch::Tensor const& rows, std::int64_t part,
                           std::int64_t hidden) const {
        return rows.narrow(0, begin, length)
            .narrow(1, part * hidden, hidden)
            .view({length, heads, hidden / heads})
            .transpose(0, 1);
    }

    torch::Tensor scores_of(torch::Tensor const& flat, std::int64_t offset) const {
        return flat.narrow(0, offset, heads * length * length).view({heads, length, length});
    }

    /// Calls body(row of [L] scores, dropout key) for each head and query.
    template <class Body>
    void for_each_score_row(std::int32_t const* keys, Body const& body) const {
        for (std::int64_t head = 0; head < heads; ++head) {
            for (std::int64_t query = 0; query < length; ++query) {
                auto const word =
                    keys == nullptr ? 0U : static_cast<std::uint32_t>(keys[begin + query]);
                body(head * length + query, mixed(word + static_cast<std::uint32_t>(head)));
            }
        }
    }
};

std::span<float> row_of(torch::Tensor const& scores, std::int64_t row) {
    auto const length = static_cast<std::size_t>(scores.size(2));
    return {scores.data_ptr<float>() + static_cast<std::size_t>(row) * length, length};
}

struct Shape {
    std::vector<std::int64_t> begins;
    std::vector<std::int64_t> offsets;
    std::int64_t heads;
    std::int64_t hidden;
    float scale;

    Sequence sequence(std::int64_t b) const {
        auto const i = static_cast<std::size_t>(b);
        return {begins[i], begins[i + 1] - begins[i], heads};
    }
    std::int64_t sequences() const { return static_cast<std::int64_t>(begins.size()) - 1; }
};

Shape shape_of(torch::Tensor const& projections, std::vector<std::int64_t> begins,
               std::int64_t heads) {
    auto const hidden = projections.size(1) / 3;
    auto offsets = score_offsets(begins, heads);
    auto const scale = 1.0F / std::sqrt(static_cast<float>(hidden / heads));
    return {std::move(begins), std::move(offsets), heads, hidden, scale};
}

/// The probabilities of one sequence after dropout, into `dropped`.
void drop_scores(Sequence const& sequence, torch::Tensor const& probabilities,
                 torch::Tensor const& dropped, std::int32_t const* keys, double share) {
    sequence.for_each_score_row(keys, [&](std::int64_t row, std::uint32_t key) {
        drop_row(row_of(probabilities, row), row_of(dropped, row), row_dropout(key, share));
    });
}

/// Keys of a Dropout, or an undefined tensor, which autograd takes only inside a value of its own.
struct Keys {
    torch::Tensor tensor;

    std::int32_t const* data() const {
        return tensor.defined() ? tensor.data_ptr<std::int32_t>() : nullptr;
    }
};

class PackedAttention : public torch::autograd::Function<PackedAttention> {
  public:
    static torch::Tensor forward(torch::autograd::AutogradContext* context,
                                 torch::Tensor const& input, std::vector<std::int64_t> begins,
                                 std::int64_t heads, Keys keys, double share) {
        auto const projections = input.contiguous();
        auto const shape = shape_of(projections, begins, heads);
        auto const probabilities = torch::empty({shape.offsets.back()}, projections.options());
        auto result = torch::empty({projections.size(0), shape.hidden}, projections.options());
        at::parallel_for(0, shape.sequences(), 1, [&](std::int64_t first, std::int64_t last) {
            at::NoGradGuard const no_gradient;
            for (auto b = first; b < last; ++b) {
                forward_sequence(shape, b, projections, probabilities, result, keys, share);
            }
        });
        context->save_for_backward({projections, probabilities});
        context->saved_data["keys"] = keys.tensor;
        context->saved_data["begins"] = std::move(begins);
        context->saved_data["heads"] = heads;
        context->saved_data["share"] = share;
        return result;
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                   torch::autograd::variable_list gradients) {
        auto const saved = context->get_saved_variables();
        auto const shape = shape_of(saved[0], context->saved_data["begins"].toIntVector(),
                                    context->saved_data["heads"].toInt());
        auto const share = context->saved_data["share"].toDouble();
        auto const gradient = gradients[0].contiguous();
        auto const keys = Keys{context->saved_data["keys"].toTensor()};
        auto result = torch::empty_like(saved[0]);
        at::parallel_for(0, shape.sequences(), 1, [&](std::int64_t first, std::int64_t last) {
            at::NoGradGuard const no_gradient;
            for (auto b = first; b < last; ++b) {
                backward_sequence(shape, b, saved, gradient, result, keys, share);
            }
        });
        return {result, {}, {}, {}, {}};
    }

  private:
    static void forward_sequence(Shape const& shape, std::int64_t b,
                                 torch::Tensor const& projections,
                                 torch::Tensor const& probabilities, torch::Tensor const& result,
                                 Keys const& keys, double share) {
        auto const sequence = shape.sequence(b);
        auto const query = sequence.heads_of(projections, 0, shape.hidden);
        auto const key = sequence.heads_of(projections, 1, shape.hidden);
        auto const value = sequence.heads_of(projections, 2, shape.hidden);
        auto scores = sequence.scores_of(probabilities, shape.offsets[static_cast<std::size_t>(b)]);
        at::bmm_out(scores, query, key.transpose(1, 2));
        sequence.for_each_score_row(keys.data(), [&](std::int64_t row, std::uint32_t) {
            softmax_row(row_of(scores, row), shape.scale);
        });
        auto weights = scores;
        if (keys.data() != nullptr) {
            weights = torch::empty_like(scores);
            drop_scores(sequence, scores, weights, keys.data(), share);
        }
        sequence.heads_of(result, 0, shape.hidden).copy_(at::bmm(weights, value));
    }

    static void backward_sequence(Shape const& shape, std::int64_t b,
                                  torch::autograd::variable_list const& saved,
                                  torch::Tensor const& gradient, torch::Tensor const& result,
                                  Keys const& dropout_keys, double share) {
        auto const& projections = saved[0];
        auto const* const keys = dropout_keys.data();
        auto const sequence = shape.sequence(b);
        auto const query = sequence.heads_of(projections, 0, shape.hidden);
        auto const key = sequence.heads_of(projections, 1, shape.hidden);
        auto const value = sequence.heads_of(projections, 2, shape.hidden);
        auto const upstream = sequence.heads_of(gradient, 0, shape.hidden);
        auto const scores =
            sequence.scores_of(saved[1], shape.offsets[static_cast<std::size_t>(b)]);
        auto work = scores;  // [heads, L, L]
        if (keys != nullptr) {
            work = torch::empty_like(scores);
            drop_scores(sequence, scores, work, keys, share);
        }
        sequence.heads_of(result, 2, shape.hidden).copy_(at::bmm(work.transpose(1, 2), upstream));
        auto slopes = at::bmm(upstream, value.transpose(1, 2));
        sequence.for_each_score_row(keys, [&](std::int64_t row, std::uint32_t word) {
            softmax_row_backward(row_of(scores, row), row_of(slopes, row), shape.scale,
                                 row_dropout(word, keys == nullptr ? 0.0 : share));
        });
        sequence.heads_of(result, 0, shape.hidden).copy_(at::bmm(slopes, key));
        sequence.heads_of(result, 1, shape.hidden).copy_(at::bmm(slopes.transpose(1, 2), query));
    }
};

torch::Tensor padded_attention(torch::Tensor const& projections, RowLayout const& layout,
                               std::int64_t heads, double dropout) {
    auto const hidden = projections.size(1) / 3;
    auto const parts =
        projections.view({layout.sequences(), layout.width(), 3, heads, hidden / heads})
            .permute({2, 0, 3, 1, 4})
            .unbind(0);  // three of [B, heads, S, H/heads]
    auto const mask = layout.mask().to(projections.scalar_type());
    auto const mixture = at::scaled_dot_product_attention(
        parts[0], parts[1], parts[2],
        mask.expand({layout.sequences(), heads, layout.width(), layout.width()}), dropout);
    return mixture.transpose(1, 2).reshape({layout.rows(), hidden});
}

}  // namespace

torch::Tensor attention(torch::Tensor const& projections, RowLayout const& layout,
                        std::int64_t heads, torch::Tensor const& keys, double dropout) {
    auto const drops = keys.defined() && dropout > 0;
    if (layout.is_packed()) {
        return PackedAttention::apply(projections, layout.begins(), heads,
                                      Keys{drops ? keys : torch::Tensor()}, dropout);
    }
    return padded_attention(projections, layout, heads, drops ? dropout : 0.0);
}

}  // namespace tessera::model
