#include "attention.hpp"

#include "dropout.hpp"
#include "vector_kernels.hpp"

#include <algorithm>
#include <cmath>
#include <span>

#include <ATen/ThreadLocalState.h>
#include <torch/autograd.h>

namespace tessera::model {
namespace {

/// Scores worked on at a time, a quarter of an L2 cache: 256 KiB of floats.
constexpr std::int64_t cached_scores = std::int64_t{1} << 16;

/// Calls body(first, last) on all threads, each with sequences of its own. The body calls
/// operators: workers take on the modes of the caller, or inference would refuse what they write.
template <class Body>
void share_sequences(std::int64_t sequences, Body const& body) {
    at::ThreadLocalState const modes;
    at::parallel_for(0, sequences, 1, [&](std::int64_t first, std::int64_t last) {
        at::ThreadLocalStateGuard const as_caller(modes);
        at::NoGradGuard const no_gradient;
        body(first, last);
    });
}

/// Some heads of one sequence of a packed batch.
struct Block {
    std::int64_t begin = 0;   // row of the sequence's first token
    std::int64_t length = 0;  // L
    std::int64_t first_head = 0;
    std::int64_t heads = 0;

    std::int64_t scores() const { return heads * length * length; }

    /// The heads of columns [part*H, part*H + H) of the sequence's rows, [heads, L, D], a view.
    torch::Tensor heads_of(torch::Tensor const& rows, std::int64_t part, std::int64_t hidden,
                           std::int64_t width) const {
        return rows.narrow(0, begin, length)
            .narrow(1, part * hidden + first_head * width, heads * width)
            .view({length, heads, width})
            .transpose(0, 1);
    }

    /// [heads, L, L] at the start of a work space.
    torch::Tensor scores_in(torch::Tensor const& space) const {
        return space.narrow(0, 0, scores()).view({heads, length, length});
    }

    /// Calls body(row of [L] scores, dropout key) for each head and query.
    template <class Body>
    void for_each_score_row(std::int32_t const* keys, Body const& body) const {
        for (std::int64_t head = 0; head < heads; ++head) {
            for (std::int64_t query = 0; query < length; ++query) {
                auto const word =
                    keys == nullptr ? 0U : static_cast<std::uint32_t>(keys[begin + query]);
                body(head * length + query,
                     mixed(word + static_cast<std::uint32_t>(first_head + head)));
            }
        }
    }
};

std::span<float> row_of(torch::Tensor const& scores, std::int64_t row) {
    auto const length = static_cast<std::size_t>(scores.size(2));
    return {scores.data_ptr<float>() + static_cast<std::size_t>(row) * length, length};
}

/// A packed batch, cut into blocks of heads whose scores fit the cache.
struct Shape {
    std::vector<std::int64_t> begins;
    std::int64_t heads;
    std::int64_t hidden;
    float scale;

    std::int64_t width() const { return hidden / heads; }
    std::int64_t sequences() const { return static_cast<std::int64_t>(begins.size()) - 1; }

    std::int64_t length(std::int64_t b) const {
        auto const i = static_cast<std::size_t>(b);
        return begins[i + 1] - begins[i];
    }

    std::int64_t heads_of_block(std::int64_t b) const {
        auto const scores = std::max<std::int64_t>(length(b) * length(b), 1);
        return std::clamp<std::int64_t>(cached_scores / scores, 1, heads);
    }

    /// Floats that the scores of any one block take.
    std::int64_t largest_block() const {
        std::int64_t most = 0;
        for (std::int64_t b = 0; b < sequences(); ++b) {
            most = std::max(most, heads_of_block(b) * length(b) * length(b));
        }
        return most;
    }

    template <class Body>
    void for_each_block(std::int64_t b, Body const& body) const {
        auto const step = heads_of_block(b);
        for (std::int64_t first = 0; first < heads; first += step) {
            body(Block{begins[static_cast<std::size_t>(b)], length(b), first,
                       std::min(step, heads - first)});
        }
    }
};

Shape shape_of(torch::Tensor const& projections, std::vector<std::int64_t> begins,
               std::int64_t heads) {
    auto const hidden = projections.size(1) / 3;
    auto const scale = 1.0F / std::sqrt(static_cast<float>(hidden / heads));
    return {std::move(begins), heads, hidden, scale};
}

/// Keys of a Dropout, or an undefined tensor, which autograd takes only inside a value of its own.
struct Keys {
    torch::Tensor tensor;

    std::int32_t const* data() const {
        return tensor.defined() ? tensor.data_ptr<std::int32_t>() : nullptr;
    }
};

/// Scores exist for one block at a time and are made again in the backward pass: kept, they would
/// take 4.8 GB for a base model on 32 sequences of 512 tokens.
class PackedAttention : public torch::autograd::Function<PackedAttention> {
  public:
    static torch::Tensor forward(torch::autograd::AutogradContext* context,
                                 torch::Tensor const& input, std::vector<std::int64_t> begins,
                                 std::int64_t heads, Keys keys, double share) {
        auto const projections = input.contiguous();
        auto const shape = shape_of(projections, begins, heads);
        auto result = torch::empty({projections.size(0), shape.hidden}, projections.options());
        auto const space = shape.largest_block();
        share_sequences(shape.sequences(), [&](std::int64_t first, std::int64_t last) {
            auto const scores = torch::empty({space}, projections.options());
            for (auto b = first; b < last; ++b) {
                shape.for_each_block(b, [&](Block const& block) {
                    forward_block(shape, block, projections, scores, result, keys, share);
                });
            }
        });
        context->save_for_backward({projections});
        context->saved_data["keys"] = keys.tensor;
        context->saved_data["begins"] = std::move(begins);
        context->saved_data["heads"] = heads;
        context->saved_data["share"] = share;
        return result;
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                   torch::autograd::variable_list gradients) {
        auto const projections = context->get_saved_variables()[0];
        auto const shape = shape_of(projections, context->saved_data["begins"].toIntVector(),
                                    context->saved_data["heads"].toInt());
        auto const share = context->saved_data["share"].toDouble();
        auto const gradient = gradients[0].contiguous();
        auto const keys = Keys{context->saved_data["keys"].toTensor()};
        auto result = torch::empty_like(projections);
        auto const space = shape.largest_block();
        share_sequences(shape.sequences(), [&](std::int64_t first, std::int64_t last) {
            auto const spaces = torch::empty({3, space}, projections.options());
            for (auto b = first; b < last; ++b) {
                shape.for_each_block(b, [&](Block const& block) {
                    backward_block(shape, block, projections, gradient, spaces, result, keys,
                                   share);
                });
            }
        });
        return {result, {}, {}, {}, {}};
    }

  private:
    static void forward_block(Shape const& shape, Block const& block,
                              torch::Tensor const& projections, torch::Tensor const& space,
                              torch::Tensor const& result, Keys const& keys, double share) {
        auto const part = [&](std::int64_t i) {
            return block.heads_of(projections, i, shape.hidden, shape.width());
        };
        auto scores = block.scores_in(space);
        at::bmm_out(scores, part(0), part(1).transpose(1, 2));
        block.for_each_score_row(keys.data(), [&](std::int64_t row, std::uint32_t key) {
            if (keys.data() == nullptr) {
                softmax_row(row_of(scores, row), shape.scale);
            } else {
                softmax_drop_row(row_of(scores, row), shape.scale, row_dropout(key, share));
            }
        });
        block.heads_of(result, 0, shape.hidden, shape.width()).copy_(at::bmm(scores, part(2)));
    }

    static void backward_block(Shape const& shape, Block const& block,
                               torch::Tensor const& projections, torch::Tensor const& gradient,
                               torch::Tensor const& spaces, torch::Tensor const& result,
                               Keys const& keys, double share) {
        auto const part = [&](torch::Tensor const& rows, std::int64_t i) {
            return block.heads_of(rows, i, shape.hidden, shape.width());
        };
        auto const query = part(projections, 0);
        auto const key = part(projections, 1);
        auto const upstream = part(gradient, 0);
        auto scores = block.scores_in(spaces[0]);
        auto dropped = keys.data() == nullptr ? scores : block.scores_in(spaces[1]);
        auto slopes = block.scores_in(spaces[2]);
        at::bmm_out(scores, query, key.transpose(1, 2));
        at::bmm_out(slopes, upstream, part(projections, 2).transpose(1, 2));
        block.for_each_score_row(keys.data(), [&](std::int64_t row, std::uint32_t word) {
            auto const dropout = row_dropout(word, keys.data() == nullptr ? 0.0 : share);
            softmax_row(row_of(scores, row), shape.scale);
            if (keys.data() != nullptr)
                drop_row(row_of(scores, row), row_of(dropped, row), dropout);
            softmax_row_backward(row_of(scores, row), row_of(slopes, row), shape.scale, dropout);
        });
        part(result, 2).copy_(at::bmm(dropped.transpose(1, 2), upstream));
        part(result, 0).copy_(at::bmm(slopes, key));
        part(result, 1).copy_(at::bmm(slopes.transpose(1, 2), query));
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

torch::Tensor first_attention(torch::Tensor const& queries, torch::Tensor const& keys_and_values,
                              RowLayout const& layout, std::int64_t heads) {
    auto const hidden = queries.size(1);
    auto const width = hidden / heads;
    auto const scale = 1.0 / std::sqrt(static_cast<double>(width));
    auto result = torch::empty_like(queries);
    share_sequences(layout.sequences(), [&](std::int64_t first, std::int64_t last) {
        for (auto b = first; b < last; ++b) {
            auto const begin = layout.begins()[static_cast<std::size_t>(b)];
            auto const length = layout.begins()[static_cast<std::size_t>(b) + 1] - begin;
            auto const part = [&](std::int64_t i) {  // [heads, L, D]
                return keys_and_values.narrow(0, begin, length)
                    .narrow(1, i * hidden, hidden)
                    .view({length, heads, width})
                    .transpose(0, 1);
            };
            auto const query = queries[b].view({heads, 1, width});
            auto scores = at::bmm(query, part(0).transpose(1, 2)).mul_(scale);  // [heads, 1, L]
            result[b].copy_(at::bmm(scores.softmax(-1), part(1)).view({hidden}));
        }
    });
    return result;
}

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
