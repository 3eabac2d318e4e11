using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tocsin.Server.Web.Pages;

namespace Tocsin.Server.Web;

/// <summary>A short way through the pages for who comes here first; put away by a form, and always there under its address.</summary>
public static class TourPages
{
    /// <summary>Set once the tour was put away in this browser. It says nothing of anybody.</summary>
    public const string Cookie = "tocsin-toured";

    public static void Map(IEndpointRouteBuilder app)
    {
        app.Look("/tour", (HttpContext context, PageWriter pages) => pages.WriteAsync<TourPage>(context, 200));
        // It changes only the browser's own cookie, so that who only looks may put it away too.
        app.MapPost("/tour/end", End).Open("changes only a cookie that says nothing");
    }

    private static void End(HttpContext context)
    {
        context.Response.Cookies.Append(Cookie, "1", new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Lax, Path = "/", IsEssential = true, MaxAge = TimeSpan.FromDays(365) });
        context.Goto("/");
    }
}
