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

/// Rows of one sequence.
struct Span {
    std::int64_t begin = 0;
    std::int64_t count = 0;
};

/// Some heads of one sequence of a packed batch.
struct Block {
    Span queries;  // M rows
    Span keys;     // L rows, of values too
    std::int64_t first_head = 0;
    std::int64_t heads = 0;

    std::int64_t scores() const { return heads * queries.count * keys.count; }

    /// These heads of the rows `span` of a matrix [rows, H]: [heads, rows of the span, D], a view.
    torch::Tensor heads_of(torch::Tensor const& rows, Span const& span, std::int64_t width) const {
        return rows.narrow(0, span.begin, span.count)
            .narrow(1, first_head * width, heads * width)
            .view({span.count, heads, width})
            .transpose(0, 1);
    }

    /// [heads, M, L] at the start of a work space.
    torch::Tensor scores_in(torch::Tensor const& space) const {
        return space.narrow(0, 0, scores()).view({heads, queries.count, keys.count});
    }

    /// Calls body(row of [L] scores, dropout key) for each head and query.
    template <class Body>
    void for_each_score_row(std::int32_t const* words, Body const& body) const {
        for (std::int64_t head = 0; head < heads; ++head) {
            for (std::int64_t query = 0; query < queries.count; ++query) {
                auto const word = words == nullptr
                                      ? 0U
                                      : static_cast<std::uint32_t>(words[queries.begin + query]);
                body(head * queries.count + query,
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
    AttentionRows rows;
    std::int64_t heads;
    std::int64_t hidden;

    std::int64_t width() const { return hidden / heads; }
    float scale() const { return 1.0F / std::sqrt(static_cast<float>(width())); }
    std::int64_t sequences() const { return static_cast<std::int64_t>(rows.keys.size()) - 1; }

    static Span span_of(std::vector<std::int64_t> const& begins, std::int64_t b) {
        auto const i = static_cast<std::size_t>(b);
        return {begins[i], begins[i + 1] - begins[i]};
    }

    /// All heads of a sequence.
    Block whole(std::int64_t b) const {
        return {span_of(rows.queries, b), span_of(rows.keys, b), 0, heads};
    }

    std::int64_t heads_of_block(std::int64_t b) const {
        auto const scores = std::max<std::int64_t>(whole(b).scores() / heads, 1);
        return std::clamp<std::int64_t>(cached_scores / scores, 1, heads);
    }

    /// Floats that the scores of any one block take.
    std::int64_t largest_block() const {
        std::int64_t most = 0;
        for (std::int64_t b = 0; b < sequences(); ++b) {
            most = std::max(most, heads_of_block(b) * (whole(b).scores() / heads));
        }
        return most;
    }

    template <class Body>
    void for_each_block(std::int64_t b, Body const& body) const {
        auto const step = heads_of_block(b);
        for (std::int64_t first = 0; first < heads; first += step) {
            auto block = whole(b);
            block.first_head = first;
            block.heads = std::min(step, heads - first);
            body(block);
        }
    }
};

/// Keys of a Dropout, or an undefined tensor, which autograd takes only inside a value of its own.
struct Keys {
    torch::Tensor tensor;
    double share = 0;

    std::int32_t const* data() const {
        return tensor.defined() ? tensor.data_ptr<std::int32_t>() : nullptr;
    }
};

/// Queries, keys and values, [rows, H] each, or what belongs to them; views of wider matrices too.
struct Parts {
    torch::Tensor queries;
    torch::Tensor keys;
    torch::Tensor values;
};

/// Of [R, 3*H].
Parts parts_of(torch::Tensor const& projections) {
    auto const parts = projections.chunk(3, 1);
    return {parts[0], parts[1], parts[2]};
}

/// Of [N, H] and [R, 2*H].
Parts parts_of(torch::Tensor const& queries, torch::Tensor const& keys_and_values) {
    auto const parts = keys_and_values.chunk(2, 1);
    return {queries, parts[0], parts[1]};
}

void forward_block(Shape const& shape, Block const& block, Parts const& parts,
                   torch::Tensor const& space, torch::Tensor const& result, Keys const& keys) {
    auto const width = shape.width();
    auto scores = block.scores_in(space);
    at::bmm_out(scores, block.heads_of(parts.queries, block.queries, width),
                block.heads_of(parts.keys, block.keys, width).transpose(1, 2));
    block.for_each_score_row(keys.data(), [&](std::int64_t row, std::uint32_t key) {
        if (keys.data() == nullptr) {
            softmax_row(row_of(scores, row), shape.scale());
        } else {
            softmax_drop_row(row_of(scores, row), shape.scale(), row_dropout(key, keys.share));
        }
    });
    block.heads_of(result, block.queries, width)
        .copy_(at::bmm(scores, block.heads_of(parts.values, block.keys, width)));
}

void backward_block(Shape const& shape, Block const& block, Parts const& parts,
                    torch::Tensor const& gradient, torch::Tensor const& spaces,
                    Parts const& results, Keys const& keys) {
    auto const of_queries = [&](torch::Tensor const& rows) {
        return block.heads_of(rows, block.queries, shape.width());
    };
    auto const of_keys = [&](torch::Tensor const& rows) {
        return block.heads_of(rows, block.keys, shape.width());
    };
    auto const query = of_queries(parts.queries);
    auto const key = of_keys(parts.keys);
    auto const upstream = of_queries(gradient);
    auto scores = block.scores_in(spaces[0]);
    auto dropped = keys.data() == nullptr ? scores : block.scores_in(spaces[1]);
    auto slopes = block.scores_in(spaces[2]);
    at::bmm_out(scores, query, key.transpose(1, 2));
    at::bmm_out(slopes, upstream, of_keys(parts.values).transpose(1, 2));
    block.for_each_score_row(keys.data(), [&](std::int64_t row, std::uint32_t word) {
        auto const dropout = row_dropout(word, keys.data() == nullptr ? 0.0 : keys.share);
        softmax_row(row_of(scores, row), shape.scale());
        if (keys.data() != nullptr) drop_row(row_of(scores, row), row_of(dropped, row), dropout);
        softmax_row_backward(row_of(scores, row), row_of(slopes, row), shape.scale(), dropout);
    });
    of_keys(results.values).copy_(at::bmm(dropped.transpose(1, 2), upstream));
    of_queries(results.queries).copy_(at::bmm(slopes, key));
    of_keys(results.keys).copy_(at::bmm(slopes.transpose(1, 2), query));
}

torch::Tensor forward_blocks(Shape const& shape, Parts const& parts, Keys const& keys) {
    auto const options = parts.keys.options();
    auto result = torch::empty({parts.queries.size(0), shape.hidden}, options);
    auto const space = shape.largest_block();
    share_sequences(shape.sequences(), [&](std::int64_t first, std::int64_t last) {
        auto const scores = torch::empty({space}, options);
        for (auto b = first; b < last; ++b) {
            shape.for_each_block(b, [&](Block const& block) {
                forward_block(shape, block, parts, scores, result, keys);
            });
        }
    });
    return result;
}

void backward_blocks(Shape const& shape, Parts const& parts, torch::Tensor const& gradient,
                     Parts const& results, Keys const& keys) {
    auto const space = shape.largest_block();
    share_sequences(shape.sequences(), [&](std::int64_t first, std::int64_t last) {
        auto const spaces = torch::empty({3, space}, parts.keys.options());
        for (auto b = first; b < last; ++b) {
            shape.for_each_block(b, [&](Block const& block) {
                backward_block(shape, block, parts, gradient, spaces, results, keys);
            });
        }
    });
}

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

void remember(AutogradContext& context, Shape const& shape, Keys const& keys) {
    context.saved_data["query_begins"] = shape.rows.queries;
    context.saved_data["key_begins"] = shape.rows.keys;
    context.saved_data["heads"] = shape.heads;
    context.saved_data["hidden"] = shape.hidden;
    context.saved_data["keys"] = keys.tensor;
    context.saved_data["share"] = keys.share;
}

Shape remembered_shape(AutogradContext& context) {
    return {{context.saved_data["query_begins"].toIntVector(),
             context.saved_data["key_begins"].toIntVector()},
            context.saved_data["heads"].toInt(),
            context.saved_data["hidden"].toInt()};
}

Keys remembered_keys(AutogradContext& context) {
    return {context.saved_data["keys"].toTensor(), context.saved_data["share"].toDouble()};
}

/// Scores exist for one block at a time and are made again in the backward pass: kept, they would
/// take 4.8 GB for a base model on 32 sequences of 512 tokens.
class PackedAttention : public torch::autograd::Function<PackedAttention> {
  public:
    static torch::Tensor forward(AutogradContext* context, torch::Tensor const& input,
                                 Shape const& shape, Keys const& keys) {
        auto const projections = input.contiguous();
        context->save_for_backward({projections});
        remember(*context, shape, keys);
        return forward_blocks(shape, parts_of(projections), keys);
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        auto const projections = context->get_saved_variables()[0];
        auto result = torch::empty_like(projections);
        backward_blocks(remembered_shape(*context), parts_of(projections),
                        gradients[0].contiguous(), parts_of(result), remembered_keys(*context));
        return {result, {}, {}};
    }
};

/// The same where only some rows ask.
class ChosenAttention : public torch::autograd::Function<ChosenAttention> {
  public:
    static torch::Tensor forward(AutogradContext* context, torch::Tensor const& queries,
                                 torch::Tensor const& keys_and_values, Shape const& shape,
                                 Keys const& keys) {
        context->save_for_backward({queries, keys_and_values});
        remember(*context, shape, keys);
        return forward_blocks(shape, parts_of(queries, keys_and_values), keys);
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        auto const saved = context->get_saved_variables();
        auto of_queries = torch::empty_like(saved[0]);
        auto of_rest = torch::empty_like(saved[1]);
        backward_blocks(remembered_shape(*context), parts_of(saved[0], saved[1]),
                        gradients[0].contiguous(), parts_of(of_queries, of_rest),
                        remembered_keys(*context));
        return {of_queries, of_rest, {}, {}};
    }
};

/// The keys where dropout acts.
Keys acting(torch::Tensor const& keys, double dropout) {
    return keys.defined() && dropout > 0 ? Keys{keys, dropout} : Keys{};
}

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
    if (!layout.is_packed()) {
        return padded_attention(projections, layout, heads, keys.defined() ? dropout : 0.0);
    }
    Shape const shape{{layout.begins(), layout.begins()}, heads, projections.size(1) / 3};
    return PackedAttention::apply(projections, shape, acting(keys, dropout));
}

torch::Tensor chosen_attention(torch::Tensor const& queries, torch::Tensor const& keys_and_values,
                               AttentionRows const& rows, std::int64_t heads,
                               torch::Tensor const& keys, double dropout) {
    Shape const shape{rows, heads, queries.size(1)};
    return ChosenAttention::apply(queries.contiguous(), keys_and_values.contiguous(), shape,
                                  acting(keys, dropout));
}

}  // namespace tessera::model
