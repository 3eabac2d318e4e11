using System.Data.Common;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Logging;
using Tocsin.Core.Response;
using Tocsin.Server.Setup;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Api;

/// <summary>The one place where a request that failed becomes an answer with a reason.</summary>
public sealed class Failures(RequestDelegate next, ServerState state, ILogger<Failures> log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (Exception e) when (!context.Response.HasStarted && Answer(e, context) is { } answer)
        {
            await answer.ExecuteAsync(context);
        }
    }

    private IResult? Answer(Exception error, HttpContext context)
    {
        switch (error)
        {
            case OperationCanceledException when context.RequestAborted.IsCancellationRequested:
                return null;
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                return Problems.Of(StatusCodes.Status413PayloadTooLarge, "the body is larger than is taken here");
            case BadHttpRequestException bad:
                return Problems.Of(bad.StatusCode, bad.InnerException is JsonException json ? BodyWords.Of(json, context.GetEndpoint()?.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType) : bad.Message);
            case DbException or StaleException:
                // Senders come again; nothing was taken.
                if (error is DbException down) state.DatabaseFailed(down);
                context.Response.Headers.RetryAfter = "5";
                return Problems.Of(StatusCodes.Status503ServiceUnavailable, $"the database does not answer{(state.DatabaseDownSince is { } since ? $" since {Words.Time(since)}" : "")}; nothing was taken, try again");
            default:
                ServerMessages.RequestFailed(log, context.Request.Method, context.GetEndpoint()?.DisplayName ?? "", error);
                return Problems.Of(StatusCodes.Status500InternalServerError, "this failed here, and not with you; the server's log says more");
        }
    }
}
