using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tocsin.Server.Access;
using Tocsin.Server.Setup;

namespace Tocsin.Server.Web;

/// <summary>The pages. A GET changes nothing; whatever changes something is a form with the session's token, and goes through the same commands as the API.</summary>
public static class Site
{
    /// <param name="services">Of the server.</param>
    /// <param name="key">The installation's own key.</param>
    public static void Add(IServiceCollection services, byte[] key)
    {
        services.AddSingleton(s => new FormTokens(key, s.GetRequiredService<Links>())).AddSingleton<PageWriter>();
        services.AddSingleton<NowDesk>().AddSingleton<RoomDesk>().AddSingleton<ReferenceDesk>().AddSingleton<DrillDesk>().AddSingleton<ExamDesk>().AddSingleton<LabScreen>().AddSingleton<KeptDrills>().AddSingleton<DrillAsking>().AddSingleton<OnCallDesk>().AddSingleton<SettingsDesk>().AddSingleton<Composing>().AddSingleton<PublicPages>();
        services.AddHostedService(s => s.GetRequiredService<DrillDesk>());
        services.AddHostedService(s => s.GetRequiredService<ExamDesk>());
        AddDesk(services, o => o.Web.Compare);
        AddDesk(services, o => o.Web.Check);
    }

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/assets/{**name}", Asset.ServeAsync).NeedsNobody("holds no data").ExcludeFromDescription();
        SignIn.Map(app);
        if (app.ServiceProvider.GetRequiredService<ServerOptions>().Oidc is not null) ProviderSignIn.Map(app);
        NowPages.Map(app);
        RoomPages.Map(app);
        PlaybookPages.Map(app);
        PlaybookReading.Map(app);
        MessagePages.Map(app);
        PostMortemPages.Map(app);
        StatusPages.Map(app);
        ReferencePages.Map(app);
        ScanPages.Map(app);
        DrillPages.Map(app);
        ComparePages.Map(app);
        LabPages.Map(app);
        TourPages.Map(app);
        OnCallPages.Map(app);
        SettingsPages.Map(app);
        SimulatePages.Map(app);
        BoardPages.Map(app);
        ActionPages.Map(app);
        Live.Map(app);
    }

    private static void AddDesk<TPart>(IServiceCollection services, Func<ServerOptions, Looking<TPart>?> run)
    {
        services.AddSingleton(s => new LookDesk<TPart>(run(s.GetRequiredService<ServerOptions>()), s.GetRequiredService<ServerOptions>(), s.GetRequiredService<ILogger<LookDesk<TPart>>>()));
        services.AddHostedService(s => s.GetRequiredService<LookDesk<TPart>>());
    }

    /// <summary>A page to look at.</summary>
    public static RouteHandlerBuilder Look(this IEndpointRouteBuilder app, string path, Delegate show, Role role = Role.Viewer, string scope = Scopes.Read) =>
        app.MapGet(path, show).Needs(role, scope).WithMetadata(new PageEndpoint(ChecksForm: false)).ExcludeFromDescription();

    /// <summary>A form that changes something.</summary>
    public static RouteHandlerBuilder Form(this IEndpointRouteBuilder app, string path, Delegate act, Role role = Role.Responder, string scope = Scopes.Respond) =>
        app.MapPost(path, act).Needs(role, scope).WithMetadata(new PageEndpoint(ChecksForm: true)).DisableAntiforgery().ExcludeFromDescription();

    /// <summary>A page that nobody signs in for.</summary>
    public static RouteHandlerBuilder Open(this RouteHandlerBuilder endpoint, string why) =>
        endpoint.NeedsNobody(why).WithMetadata(new PageEndpoint(ChecksForm: false)).DisableAntiforgery().ExcludeFromDescription();

    public static SignedIn User(this HttpContext context) => (SignedIn)context.Items[typeof(SignedIn)]!;

    public static void Goto(this HttpContext context, string address)
    {
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
        context.Response.Headers.Location = address;
    }
}
