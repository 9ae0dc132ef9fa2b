#include "kernel_choice.hpp"
#include "layers.hpp"
#include "row_layout.hpp"

#include <fmt/format.h>

#include <tessera/base/error.hpp>
#include <tessera/model/encoder.hpp>

namespace tessera::model {

torch::Tensor EncoderOutput::rows_at(torch::Tensor const& places) const {
    return rows.index_select(0, layout->rows_of(places));
}

torch::Tensor EncoderOutput::first() const {
    return rows.index_select(0, layout->first_rows());
}

torch::Tensor EncoderOutput::unpacked() const {
    auto const hidden = rows.size(1);
    auto const all = torch::zeros({layout->sequences() * layout->width(), hidden}, rows.options());
    return all.index_copy(0, layout->places(), rows)
        .view({layout->sequences(), layout->width(), hidden});
}

BertEncoderImpl::BertEncoderImpl(BertConfig const& config) : config_(config) {
    check(config);
    embedding_ = register_module("embedding", std::make_shared<EmbeddingImpl>(config));
    for (std::int64_t i = 0; i < config.layers; ++i) {
        layers_.push_back(register_module(fmt::format("layer{}", i),
                                          std::make_shared<TransformerLayerImpl>(config, i)));
    }
}

std::shared_ptr<RowLayout const> BertEncoderImpl::layout_of(
    batch::Sequences const& sequences) const {
    return std::make_shared<RowLayout const>(
        kernels() == Kernels::own ? RowLayout::packed(sequences) : RowLayout::padded(sequences));
}

Kernels BertEncoderImpl::kernels() const {
    if (kernels_ != Kernels::automatic) return kernels_;
    auto const& table = token_table();
    bool const own = table.is_cpu() && table.scalar_type() == torch::kFloat;
    return own ? Kernels::own : Kernels::library;
}

void BertEncoderImpl::check_width(batch::Sequences const& sequences) const {
    base::validate(sequences.width() <= config_.positions, base::ExitCode::bad_input,
                   "sequences of {} tokens do not fit a model of {} positions: lower the sequence "
                   "length or raise model.positions",
                   sequences.width(), config_.positions);
}

Dropout BertEncoderImpl::dropout_of(batch::Sequences const& sequences,
                                    RowLayout const& layout) const {
    return is_training() ? Dropout(dropout_seed_, sequences, layout) : Dropout();
}

torch::Tensor BertEncoderImpl::rows_at(batch::Sequences const& sequences,
                                       torch::Tensor const& places) {
    check_width(sequences);
    LibraryKernels const library(kernels() == Kernels::library);
    auto const layout = layout_of(sequences);
    auto const dropout = dropout_of(sequences, *layout);
    auto rows = embedding_->forward(sequences, *layout, dropout);
    for (std::size_t i = 0; i + 1 < layers_.size(); ++i) {
        rows = layers_[i]->forward(rows, *layout, dropout);
    }
    RowChoice const choice(*layout, places);
    return choice.as_given(layers_.back()->forward(rows, *layout, dropout, choice));
}

std::vector<EncoderOutput> BertEncoderImpl::forward_all(batch::Sequences const& sequences) {
    check_width(sequences);
    LibraryKernels const library(kernels() == Kernels::library);
    auto const layout = layout_of(sequences);
    auto const dropout = dropout_of(sequences, *layout);
    std::vector<EncoderOutput> outputs{{embedding_->forward(sequences, *layout, dropout), layout}};
    for (auto const& layer : layers_) {
        outputs.push_back({layer->forward(outputs.back().rows, *layout, dropout), layout});
    }
    return outputs;
}

EncoderOutput BertEncoderImpl::forward(batch::Sequences const& sequences) {
    return forward_all(sequences).back();
}

torch::Tensor BertEncoderImpl::transform(torch::Tensor const& embedded,
                                         torch::Tensor const& visible) {
    batch::Sequences shape;
    shape.tokens = torch::zeros_like(visible);
    shape.lengths.assign(static_cast<std::size_t>(visible.size(0)), visible.size(1));
    auto layout = RowLayout::padded(shape);
    layout.set_visible(visible);
    auto rows = embedded.reshape({layout.rows(), config_.hidden});
    for (auto const& layer : layers_) rows = layer->forward(rows, layout, Dropout());
    return rows.view_as(embedded);
}

torch::Tensor const& BertEncoderImpl::token_table() const {
    return embedding_->token_table();
}

}  // namespace tessera::model
