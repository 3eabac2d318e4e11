using System.Security.Cryptography;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Tocsin.Core.Response;
using Tocsin.Server.Setup;
using Tocsin.Server.Storage;
using Tocsin.Server.Web.Pages;

namespace Tocsin.Server.Web;

/// <summary>Renders components to HTML. There is no circuit and no script of a framework: what is sent is the page.</summary>
public sealed class PageWriter(IServiceProvider services, ILoggerFactory logging, ServerOptions options, ServerState state)
{
    private readonly Shared<string> shared = new();

    // By chance: nobody can write it into a text, so that it stands in forms only.
    private readonly string placeholder = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(20));

    public Frame FrameOf(HttpContext context)
    {
        var account = options.Web.Account.Length > 0 ? options.Web.Account : options.Platform.Fields.GetValueOrDefault("account", "");
        var down = state.DatabaseDownSince is { } since ? $"The database has not answered since {Words.Time(since)}. What you see may be old, and nothing can be changed." : "";
        return new Frame(
            context.Items[typeof(SignedIn)] as SignedIn,
            options.Time.Now(),
            context.Request.Path.Value ?? "/",
            options.Platform.Name,
            account,
            [.. options.Platform.Environments.Select(e => (e.Name, e.Fields.GetValueOrDefault("region", "")))],
            options.Live,
            down,
            options.Web.Reference is not null,
            options.Web.Drill is not null)
        {
            HasCompare = options.Web.Compare is not null,
            HasChecklist = options.Web.Check is not null,
            HasLab = options.Web.Lab is not null,
            Provider = options.Oidc?.Name ?? "",
            IsFirstVisit = !context.Request.Cookies.ContainsKey(TourPages.Cookie),
        };
    }

    /// <summary>A whole page, or a part of one. Every component has a parameter <c>Frame</c>.</summary>
    public async Task WriteAsync<TPage>(HttpContext context, int status, params IEnumerable<(string Name, object? Value)> parameters)
        where TPage : IComponent
    {
        var all = parameters.ToDictionary(p => p.Name, p => p.Value, StringComparer.Ordinal);
        all[nameof(Frame)] = FrameOf(context);
        var html = await RenderAsync<TPage>(all, context.RequestAborted);
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/html; charset=utf-8";
        await context.Response.WriteAsync(html, context.RequestAborted);
    }

    /// <summary>A part that many fetch at once, rendered once for all of a key; only the token of their forms is their own.</summary>
    /// <param name="key">Names all in which the part differs between those who look, and the position of the newest change.</param>
    public async Task WriteSharedAsync<TPart>(HttpContext context, string key, params IEnumerable<(string Name, object? Value)> parameters)
        where TPart : IComponent
    {
        var user = context.User();
        var all = parameters.ToDictionary(p => p.Name, p => p.Value, StringComparer.Ordinal);
        all[nameof(Frame)] = FrameOf(context) with { User = user with { FormToken = placeholder } };
        var html = await shared.OfAsync($"{typeof(TPart).Name} {user.Caller.Role} {key}", c => RenderAsync<TPart>(all, c), context.RequestAborted);
        context.Response.ContentType = "text/html; charset=utf-8";
        await context.Response.WriteAsync(html.Replace(placeholder, user.FormToken, StringComparison.Ordinal), context.RequestAborted);
    }

    public Task ProblemAsync(HttpContext context, int status, string title, string why) =>
        WriteAsync<ProblemPage>(context, status, (nameof(ProblemPage.Title), title), (nameof(ProblemPage.Why), why));

    public async Task<string> RenderAsync<TPage>(Dictionary<string, object?> parameters, CancellationToken cancel)
        where TPage : IComponent
    {
        cancel.ThrowIfCancellationRequested();
        await using var renderer = new HtmlRenderer(services, logging);
        return await renderer.Dispatcher.InvokeAsync(async () => (await renderer.RenderComponentAsync<TPage>(ParameterView.FromDictionary(parameters))).ToHtmlString());
    }
}
